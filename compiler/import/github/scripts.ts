import type { Span } from "../../../schemas/diagnostic.ts";
import type { Report } from "../../diagnostics/report.ts";
import { plainText } from "../emit.ts";
import { changed } from "../reader.ts";
import { convertExpression, type Scope } from "./expression.ts";
import { OUTPUT_READER } from "./file-commands.ts";
import { fill, type Hole } from "./holes.ts";
import { type LateScope, type LateValue, lateValue, type Needed, NO_LATE } from "./late.ts";
import { type Quoting, quotingOfHoles } from "./quotes.ts";

/** How a script reads its environment. `other`: not in a way that can stand anywhere in its text. */
export type ScriptLanguage = "posix" | "powershell" | "other";

export function languageOf(shell: string): ScriptLanguage {
  if (/^(?:ba|da|z)?sh\b/.test(shell)) return "posix";
  return /^(?:pwsh|powershell)\b/.test(shell) ? "powershell" : "other";
}

/** What a script is read with. */
export interface ScriptContext {
  readonly scope: Scope;
  readonly report: Report;
  readonly late?: LateScope;
  readonly language?: ScriptLanguage;
  /** Whether what nobody else can choose is pasted into the text, as it is there. */
  readonly pastes?: boolean;
}

/**
 * A script. What anybody can choose, and what is known only when the job runs, becomes an environment variable: as text
 * of the script it would be run as code. Null when a value cannot be had there, which is told.
 */
export function convertScript(
  text: string,
  span: Span,
  { scope, report, late = NO_LATE, language = "posix", pastes = true }: ScriptContext,
): ({ readonly run: string } & Needed) | null {
  const quoting = quotingOfHoles(text);
  const env: Record<string, string> = {};
  const found = new Map<string, LateValue>();
  const bare: string[] = [];
  const run = fill(text, span, report, (source, at): Hole => {
    const place = quoting.get(at) ?? "plain";
    const value = lateValue(source, late);
    if (typeof value === "string") return { problem: value };
    if (value !== null) {
      const hole = readVariable(value.variable, place, language);
      if ("replacement" in hole) found.set(value.variable, value);
      return hole;
    }
    const converted = convertExpression(source, scope);
    if ("problem" in converted) return converted;
    if (converted.fixed !== undefined) return { replacement: plainText(converted.fixed) };
    if (converted.isTrusted && pastes) return converted;
    const variable = `VALUE_${variableOf(source)}`;
    env[variable] = `\${{ ${converted.text} }}`;
    if (place === "plain" && !converted.isTrusted) bare.push(variable);
    return readVariable(variable, place, language);
  });
  if (run === null) return null;
  if (bare.length > 0)
    changed(
      report,
      span,
      `${[...new Set(bare)].join(", ")} stands in the script for values that anybody can choose; check its quotes`,
    );
  return { run, ...neededOf([...found.values()], env) };
}

function variableOf(source: string): string {
  return source
    .trim()
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
}

/** A variable's value in place of a hole, so that it is no code whatever it holds. */
function readVariable(variable: string, place: Quoting, language: ScriptLanguage): Hole {
  if (language === "other" || (language === "powershell" && place === "single"))
    return { problem: `it is known only when the job runs; read the variable \`${variable}\` in the script` };
  if (language === "powershell") return { replacement: `\${env:${variable}}` };
  if (place === "literal")
    return { problem: "nothing is filled in between the quoted words of a here-document" };
  return { replacement: place === "single" ? `'"\${${variable}}"'` : `\${${variable}}` };
}

/** What late values need beside the texts that they stand in. */
export function neededOf(values: readonly LateValue[], env: Needed["env"]): Needed {
  const lines = values.flatMap(({ line }) => line ?? []);
  return {
    env: {
      ...env,
      ...Object.fromEntries(
        values.flatMap(({ variable, env: given }) => (given === null ? [] : [[variable, given]])),
      ),
    },
    secrets: Object.fromEntries(values.flatMap(({ secret }) => (secret === null ? [] : [[secret, secret]]))),
    lines: lines.some((line) => line.includes("delta_output")) ? [...OUTPUT_READER, ...lines] : lines,
  };
}
