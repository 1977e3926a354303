import type { Diagnostic, Severity, Span } from "../../schemas/diagnostic.ts";
import { DIAGNOSTIC_CODES, type DiagnosticCode } from "../../schemas/diagnostic-codes.ts";
import { displayPath } from "../paths.ts";
import { docsPath } from "./docs-path.ts";
import { PlaceFinder, type SourceTexts } from "./source-text.ts";

/** A range with lines and columns from 1 (columns in UTF-16 code units) and offsets from 0, end exclusive. */
export interface RangeView {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly end_line: number;
  readonly end_column: number;
  readonly start: number;
  readonly end: number;
}

export interface DiagnosticView {
  readonly code: DiagnosticCode;
  readonly name: string;
  readonly severity: Severity;
  readonly message: string;
  readonly range: RangeView | null;
  readonly related: readonly { readonly range: RangeView; readonly message: string }[];
  readonly fix: {
    readonly title: string;
    readonly edits: readonly { readonly range: RangeView; readonly new_text: string }[];
  } | null;
  readonly docs: string;
}

/** What `--format json` prints. */
export interface DiagnosticsView {
  readonly version: 1;
  readonly diagnostics: readonly DiagnosticView[];
}

export function diagnosticsView(diagnostics: readonly Diagnostic[], sources: SourceTexts): DiagnosticsView {
  const places = new PlaceFinder(sources);
  return { version: 1, diagnostics: diagnostics.map((diagnostic) => viewOne(diagnostic, places)) };
}

function viewOne(diagnostic: Diagnostic, places: PlaceFinder): DiagnosticView {
  const { code, severity, message, span, related, fix } = diagnostic;
  return {
    code,
    name: DIAGNOSTIC_CODES[code].name,
    severity,
    message,
    range: span === null ? null : rangeView(span, places),
    related: related.map((other) => ({ range: rangeView(other.span, places), message: other.message })),
    fix:
      fix === undefined
        ? null
        : {
            title: fix.title,
            edits: fix.edits.map((edit) => ({ range: rangeView(edit.span, places), new_text: edit.newText })),
          },
    docs: docsPath(code),
  };
}

export function rangeView(span: Span, places: PlaceFinder): RangeView {
  const start = places.place(span.file, span.start);
  const end = places.place(span.file, span.end);
  return {
    file: displayPath(span.file),
    line: start.line,
    column: start.column,
    end_line: end.line,
    end_column: end.column,
    start: span.start,
    end: span.end,
  };
}
