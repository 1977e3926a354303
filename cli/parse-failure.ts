import { CliFailure } from "./failure.ts";
import { suggest } from "../compiler/diagnostics/suggest.ts";

/** The part of oclif's parse errors that is read here; the rest is the parser's whole state. */
interface ParseError extends Error {
  readonly parse?: {
    readonly input?: { readonly flags?: Record<string, unknown>; readonly context?: { id?: string } };
  };
  /** Of a flag that does not exist. */
  readonly flags?: readonly string[];
  /** Of arguments that are missing. */
  readonly args?: readonly {
    readonly name: string;
    readonly description?: string;
    readonly options?: readonly string[];
  }[];
}

/** Turns whatever a command threw into a sentence, a hint and an exit code. Unknown errors are ours. */
export function toFailure(error: unknown): CliFailure {
  if (error instanceof CliFailure) return ofFlag(error);
  if (!(error instanceof Error)) return new CliFailure("internal", String(error));
  if ("parse" in error || "oclif" in error) return usageFailure(error as ParseError);
  const hint = "This is a bug in Delta CI. DELTA_DEBUG=1 shows where it happened.";
  return new CliFailure("internal", error.message || error.name, hint, error);
}

function usageFailure(error: ParseError): CliFailure {
  const input = error.parse?.input;
  const command = (input?.context?.id ?? "").replaceAll(":", " ");
  const help = command === "" ? null : `\`delta ${command} --help\` shows what it takes.`;
  const wrong = error.flags?.[0];
  if (error.constructor.name === "NonExistentFlagsError" && wrong !== undefined) {
    const near = suggest(wrong.replace(/^-+/, ""), Object.keys(input?.flags ?? {}));
    const where = command === "" ? "" : `\`delta ${command}\` has `;
    return new CliFailure(
      "usage",
      `${where}no flag ${wrong}`,
      near === null ? help : `Did you mean --${near}?`,
    );
  }
  if (error.constructor.name === "RequiredArgsError" && error.args !== undefined) {
    const missing = error.args.map(({ name, description, options }) => {
      const among = options === undefined ? "" : ` (${options.join(", ")})`;
      return `${name.toUpperCase()}${among} is missing: ${description}`;
    });
    return new CliFailure("usage", missing.join(" "), help);
  }
  const sentence = ownWords(error.message)
    .replace(/\nSee more help with --help$/, "")
    .replace(/^The following errors? occurred:\s*/, "")
    .replace(/\s*\n\s*/g, "; ");
  return new CliFailure("usage", sentence, help);
}

/** The failure of a value that a flag's own reader refused, without what oclif wrote around its words. */
function ofFlag(failure: CliFailure): CliFailure {
  const { code, message, hint } = failure;
  const words = ownWords(message);
  return words === message ? failure : new CliFailure(code, words, hint, failure);
}

/** What oclif's own reader of numbers says names no flag; what ours say does. */
function ownWords(message: string): string {
  const [, flag, words] = /^Parsing (--\S+) \n\t([\s\S]*?)\nSee more help with --help$/.exec(message) ?? [];
  if (words === undefined) return message;
  const [, expected, value] = /^Expected (.*) but received: (.*)$/s.exec(words) ?? [];
  return value === undefined ? words : `${flag} takes ${expected}, not ${value}`;
}
