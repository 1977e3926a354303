import type { Fix, Location, Log, Region, ReportingDescriptor, Result } from "sarif";
import type { Diagnostic, Severity, Span, TextEdit } from "../../schemas/diagnostic.ts";
import { DIAGNOSTIC_CODES, type DiagnosticCode } from "../../schemas/diagnostic-codes.ts";
import { encodePath } from "../paths.ts";
import { docsPath } from "./docs-path.ts";
import { rangeView } from "./format-json.ts";
import { PlaceFinder, type SourceTexts } from "./source-text.ts";

const LEVELS = { error: "error", warning: "warning", info: "note" } as const satisfies Record<
  Severity,
  string
>;
const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/** SARIF 2.1.0, one run. Only the rules that have a result are listed. */
export function sarifLog(diagnostics: readonly Diagnostic[], sources: SourceTexts, version: string): Log {
  const places = new PlaceFinder(sources);
  const codes = [...new Set(diagnostics.map(({ code }) => code))].sort();
  return {
    $schema: SCHEMA,
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "Delta CI", version, rules: codes.map(rule) } },
        columnKind: "utf16CodeUnits",
        originalUriBaseIds: { ROOT: { description: { text: "The root of the repository." } } },
        results: diagnostics.map((diagnostic) => result(diagnostic, codes, places)),
      },
    ],
  };
}

function rule(code: DiagnosticCode): ReportingDescriptor {
  const { name, severity, title } = DIAGNOSTIC_CODES[code];
  return {
    id: code,
    name,
    shortDescription: { text: `${title}.` },
    help: { text: `See ${docsPath(code)}.` },
    defaultConfiguration: { level: LEVELS[severity] },
  };
}

function result(diagnostic: Diagnostic, codes: readonly DiagnosticCode[], places: PlaceFinder): Result {
  const { code, severity, message, span, related, fix } = diagnostic;
  return {
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: LEVELS[severity],
    message: { text: message },
    locations: span === null ? [] : [location(span, places)],
    relatedLocations: related.map((other, id) => ({
      id,
      ...location(other.span, places),
      message: { text: other.message },
    })),
    ...(fix === undefined ? {} : { fixes: [sarifFix(fix.title, fix.edits, places)] }),
  };
}

function location(span: Span, places: PlaceFinder): Location {
  return { physicalLocation: { artifactLocation: artifact(span.file), region: region(span, places) } };
}

function sarifFix(title: string, edits: readonly TextEdit[], places: PlaceFinder): Fix {
  const files = [...new Set(edits.map(({ span }) => span.file))];
  return {
    description: { text: title },
    artifactChanges: files.map((file) => ({
      artifactLocation: artifact(file),
      replacements: edits
        .filter(({ span }) => span.file === file)
        .map(({ span, newText }) => ({
          deletedRegion: region(span, places),
          insertedContent: { text: newText },
        })),
    })),
  };
}

function artifact(file: string): { uri: string; uriBaseId: string } {
  const bytes = Array.from(encodePath(file), (byte) => {
    const character = String.fromCharCode(byte);
    return /[\w./~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  });
  return { uri: bytes.join(""), uriBaseId: "ROOT" };
}

function region(span: Span, places: PlaceFinder): Region {
  const { line, column, end_line, end_column } = rangeView(span, places);
  return { startLine: line, startColumn: column, endLine: end_line, endColumn: end_column };
}
