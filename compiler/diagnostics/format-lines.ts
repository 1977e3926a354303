import type { Diagnostic, Severity } from "../../schemas/diagnostic.ts";
import { DIAGNOSTIC_CODES } from "../../schemas/diagnostic-codes.ts";
import { displayPath } from "../paths.ts";
import { rangeView } from "./format-json.ts";
import { displayText } from "./quote.ts";
import { PlaceFinder, type SourceTexts } from "./source-text.ts";

const COMMANDS = { error: "error", warning: "warning", info: "notice" } as const satisfies Record<
  Severity,
  string
>;

/** One line each, `file:line:column: severity: message [code name]`, as compilers print and editors match. */
export function formatLines(diagnostics: readonly Diagnostic[], sources: SourceTexts): string {
  const places = new PlaceFinder(sources);
  return diagnostics
    .map(({ code, severity, message, span }) => {
      const place = span === null ? null : places.place(span.file, span.start);
      const at = place === null ? "" : `${displayText(place.file)}:${place.line}:${place.column}: `;
      return `${at}${severity}: ${displayText(message)} [${code} ${DIAGNOSTIC_CODES[code].name}]\n`;
    })
    .join("");
}

/** Workflow commands, which GitHub Actions shows as annotations. */
export function formatGithub(diagnostics: readonly Diagnostic[], sources: SourceTexts): string {
  const places = new PlaceFinder(sources);
  return diagnostics
    .map(({ code, severity, message, span }) => {
      const title = `${code} ${DIAGNOSTIC_CODES[code].name}`;
      const range = span === null ? null : rangeView(span, places);
      const properties =
        range === null
          ? { title }
          : {
              file: displayPath(range.file),
              line: range.line,
              endLine: range.end_line,
              col: range.column,
              endColumn: range.end_column,
              title,
            };
      const written = Object.entries(properties).map(
        ([name, value]) => `${name}=${escapeProperty(String(value))}`,
      );
      return `::${COMMANDS[severity]} ${written.join(",")}::${escapeData(message)}\n`;
    })
    .join("");
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
