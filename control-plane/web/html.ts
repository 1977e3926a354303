import { displayText } from "../../compiler/diagnostics/index.ts";

/** Markup that is known to be safe: written here, with every value in it escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Value = Html | string | number | null | false | readonly Value[];

/**
 * A template whose values are escaped, in text and in double-quoted attributes alike. Control and
 * direction characters are shown as escapes, so that no name can disguise itself. null and false are nothing.
 */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(
    parts.map((part, index) => (index === 0 ? "" : render(values[index - 1] ?? null)) + part).join(""),
  );
}

function render(value: Value): string {
  if (value === null || value === false) {
    return "";
  }
  if (value instanceof Html) {
    return value.text;
  }
  if (typeof value === "object") {
    return value.map(render).join("");
  }
  return escape(displayText(String(value)));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
