import type { Diagnostic, Severity, Span } from "../../schemas/diagnostic.ts";
import { DIAGNOSTIC_CODES } from "../../schemas/diagnostic-codes.ts";
import { codeFrame } from "./code-frame.ts";
import { docsPath } from "./docs-path.ts";
import { displayText } from "./quote.ts";
import { PlaceFinder, type SourceTexts } from "./source-text.ts";

export type PaintStyle = "error" | "warning" | "info" | "bold" | "dim";
/** Colours a piece of text; the identity where there is no colour. */
export type Paint = (style: PaintStyle, text: string) => string;

export const noPaint: Paint = (_style, text) => text;

/** Every diagnostic with its place, a frame of the source and what helps, and a last line that counts. */
export function formatHuman(
  diagnostics: readonly Diagnostic[],
  sources: SourceTexts,
  paint = noPaint,
): string {
  if (diagnostics.length === 0) return "";
  const places = new PlaceFinder(sources);
  const blocks = diagnostics.map((diagnostic) => formatOne(diagnostic, places, paint));
  return `${blocks.join("\n\n")}\n\n${countDiagnostics(diagnostics)}\n`;
}

function formatOne(diagnostic: Diagnostic, places: PlaceFinder, paint: Paint): string {
  const { code, severity, message, span, related, fix } = diagnostic;
  const head = `${paint(severity, `${severity} ${code}`)} ${DIAGNOSTIC_CODES[code].name}`;
  const at = span === null ? "" : `${paint("bold", formatSpan(span, places))}: `;
  const lines = [`${at}${head}: ${displayText(message)}`];
  const index = span === null ? null : places.lines(span.file);
  if (span !== null && index !== null)
    lines.push(...codeFrame(index, span).map((line) => paint("dim", line)));
  for (const other of related) {
    lines.push(`  = ${formatSpan(other.span, places)}: ${displayText(other.message)}`);
  }
  if (fix !== undefined) lines.push(`  = fix: ${displayText(fix.title)}`);
  lines.push(paint("dim", `  = see ${docsPath(code)}`));
  return lines.join("\n");
}

function formatSpan(span: Span, places: PlaceFinder): string {
  const { file, line, column } = places.place(span.file, span.start);
  return `${displayText(file)}:${line}:${column}`;
}

/** `2 errors, 1 warning`, with the fixes at hand. */
export function countDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const severities: readonly Severity[] = ["error", "warning", "info"];
  const counts = severities.flatMap((severity) => {
    const count = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    const word = severity === "info" ? "note" : severity;
    return count === 0 ? [] : [`${count} ${word}${count === 1 ? "" : "s"}`];
  });
  const fixes = diagnostics.filter(({ fix }) => fix !== undefined).length;
  return `${counts.join(", ")}${fixes === 0 ? "" : `; ${fixes} can be fixed`}`;
}
