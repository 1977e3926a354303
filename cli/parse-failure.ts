import { CliFailure } from "./failure.ts";
import { suggest } from "../compiler/diagnostics/suggest.ts";

/** The part of oclif's parse errors that is read here; the rest is the parser's whole state. */
interface ParseError extends Error {
  readonly parse?: {
    readonly input?: { readonly flags?: Record<string, unknown>; readonly context?: { id?: string } };
  };
  readonly flags?: readonly string[];
}

/** Turns whatever a command threw into a sentence, a hint and an exit code. Unknown errors are ours. */
export function toFailure(error: unknown): CliFailure {
  if (error instanceof CliFailure) return error;
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
  const sentence = error.message
    .replace(/\nSee more help with --help$/, "")
    .replace(/^The following errors? occurred:\s*/, "")
    .replace(/:?\s*\n\s*/, ": ")
    .replace(/\s*\n\s*/g, "; ");
  return new CliFailure("usage", sentence, help);
}
