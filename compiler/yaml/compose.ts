import { Composer, type Document, type ErrorCode, Parser } from "yaml";
import type { Span } from "../../schemas/diagnostic.ts";
import type { Report } from "../diagnostics/report.ts";
import { SYNTAX_ERRORS_MAX } from "./limits.ts";

/** Thrown by ourselves to leave the composer early; never leaves this file. */
class TooManySyntaxErrors extends Error {}

type ErrorSource = number | readonly number[] | { readonly offset: number; readonly source?: string };

/**
 * The parser's document for lexemes that passed the scan, or null with findings. `uniqueKeys` stays
 * off because the parser's own check is quadratic; ours is in `resolve.ts`.
 */
export function composeDocument(
  file: string,
  text: string,
  lexemes: readonly string[],
  report: Report,
): Document.Parsed | null {
  const composer = new Composer({ uniqueKeys: false, version: "1.2", merge: true, logLevel: "silent" });
  const found: { span: Span; code: ErrorCode; message: string }[] = [];
  // The composer makes an Error with a stack for each fault, which takes seconds on a hostile text.
  // Its handler is replaced by one that counts and leaves.
  (
    composer as unknown as { onError: (source: ErrorSource, code: ErrorCode, message: string) => void }
  ).onError = (source, code, message) => {
    // The composer takes what is thrown for a fault of each value around it, and comes here again.
    if (found.length < SYNTAX_ERRORS_MAX) found.push({ span: spanOf(file, source), code, message });
    if (found.length === SYNTAX_ERRORS_MAX) throw new TooManySyntaxErrors();
  };
  let document: Document.Parsed | null = null;
  try {
    for (const composed of composer.compose(parseLexemes(lexemes), true, text.length)) document ??= composed;
  } catch (error) {
    if (!(error instanceof TooManySyntaxErrors)) throw error;
  }
  for (const error of document?.errors.slice(0, SYNTAX_ERRORS_MAX) ?? []) {
    found.push({ span: spanOf(file, error.pos), code: error.code, message: error.message });
  }
  for (const { span, code, message } of found) report.add("DC1005", span, explainSyntax(code, message));
  return found.length > 0 ? null : document;
}

function* parseLexemes(lexemes: readonly string[]) {
  const parser = new Parser();
  for (const lexeme of lexemes) yield* parser.next(lexeme);
  yield* parser.end();
}

function spanOf(file: string, source: ErrorSource): Span {
  if (typeof source === "number") return { file, start: source, end: source + 1 };
  if ("offset" in source) {
    return { file, start: source.offset, end: source.offset + Math.max(1, source.source?.length ?? 1) };
  }
  const [start = 0, end = start + 1] = source;
  return { file, start, end: Math.max(end, start) };
}

/** The parser's faults that a pipeline's author meets most, in words that say what to do. */
const EXPLAINED: Partial<Record<ErrorCode, string>> = {
  BAD_INDENT: "This line's indentation fits no map or list above it",
  BLOCK_AS_IMPLICIT_KEY:
    "A `key: value` inside a plain value; quote the value, or begin a map on the next line",
  BLOCK_IN_FLOW: "A block value inside `{ }` or `[ ]`; write it on lines of its own instead",
  KEY_OVER_1024_CHARS: "A key longer than 1,024 characters, or a `:` is missing",
  MULTILINE_IMPLICIT_KEY: "A key must stand on one line; is a `:` missing after it?",
  MULTIPLE_ANCHORS: "A value may have one anchor",
  UNEXPECTED_TOKEN: "Unexpected text; is a quote, a comma or a bracket missing before it?",
  TAB_AS_INDENT: "A tab in the indentation; YAML indents with spaces",
};

function explainSyntax(code: ErrorCode, message: string): string {
  if (code === "BAD_INDENT" && message.startsWith("Flow"))
    return "A `[` or `{` that began above is not closed here";
  return EXPLAINED[code] ?? message.replace(/ at line \d+, column \d+:[\s\S]*$/, "");
}
