import type { DiagnosticCode, Severity } from "./diagnostic-codes.ts";

export type { Severity } from "./diagnostic-codes.ts";

/** A half-open range of UTF-16 offsets in one file of the repository. Lines exist only in output. */
export interface Span {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** Where a plan value was written. Line and column count from 1; a column is a UTF-16 code unit. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface RelatedSpan {
  readonly span: Span;
  readonly message: string;
}

export interface TextEdit {
  readonly span: Span;
  readonly newText: string;
}

/** Offered only when it is certain to be what was meant. Edits do not overlap. */
export interface Fix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
}

/**
 * Positioned message about what a user wrote. The message quotes the thing and says what was
 * expected. A null span means the thing has no place, such as a file that is missing.
 */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  readonly message: string;
  readonly span: Span | null;
  readonly related: readonly RelatedSpan[];
  readonly fix?: Fix;
}

/** A diagnostic with its span told in lines, for those who have no source at hand: the API, checks, pages. */
export interface PlacedDiagnostic extends Diagnostic {
  readonly place: Place | null;
  /** Where the span ends; the column is the one after its last character. */
  readonly end: Place | null;
}
