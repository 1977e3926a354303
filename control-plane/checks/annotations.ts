import { DIAGNOSTIC_CODES } from "../../schemas/diagnostic-codes.ts";
import type { Diagnostic, PlacedDiagnostic } from "../../schemas/diagnostic.ts";
import type { CheckAnnotation } from "../../schemas/forge.ts";

/** Ten requests of fifty; a pipeline with more mistakes shows the rest in its summary and in the CLI. */
export const ANNOTATIONS_MAX = 500;
/** GitHub takes 64 KB; a message of ours that long quotes too much. */
const MESSAGE_CHARACTERS_MAX = 8_000;

const LEVELS = { error: "failure", warning: "warning", info: "notice" } as const;

/** Diagnostics as line annotations, in their own order. Those without a place cannot be shown on a line. */
export function annotationsOf(diagnostics: readonly Diagnostic[]): CheckAnnotation[] {
  return diagnostics.filter(isPlaced).slice(0, ANNOTATIONS_MAX).map(annotationOf);
}

type Located = PlacedDiagnostic & { readonly place: NonNullable<PlacedDiagnostic["place"]> };

function isPlaced(diagnostic: Diagnostic): diagnostic is Located {
  return "place" in diagnostic && diagnostic.place !== null;
}

function annotationOf(diagnostic: Located): CheckAnnotation {
  const { place, end, code, severity, message, related } = diagnostic;
  const endLine = Math.max(place.line, end?.line ?? place.line);
  const oneLine = endLine === place.line;
  const more = related.map((other) => `${other.message} (${other.span.file})`);
  return {
    path: place.file,
    startLine: place.line,
    endLine,
    startColumn: oneLine ? place.column : null,
    // Ours is the column after the last character, GitHub's is that of the last one.
    endColumn: oneLine && end !== null ? Math.max(place.column, end.column - 1) : null,
    level: LEVELS[severity],
    title: `${code} ${DIAGNOSTIC_CODES[code].name}`,
    message: [message, ...more].join("\n").slice(0, MESSAGE_CHARACTERS_MAX),
  };
}
