import type { PlaceFinder } from "../../compiler/diagnostics/index.ts";
import type { TreeSnapshot } from "../../compiler/index.ts";
import type { Diagnostic, PlacedDiagnostic } from "../../schemas/diagnostic.ts";

/**
 * A finding with its place in lines. One in a file that the commit does not have, such as a pinned one, is told
 * where the commit includes that file, with the place itself in the message: a forge shows lines of the commit alone.
 */
export function placed(diagnostic: Diagnostic, places: PlaceFinder, head: TreeSnapshot): PlacedDiagnostic {
  const { span } = diagnostic;
  if (span === null) return { ...diagnostic, place: null, end: null };
  const place = places.place(span.file, span.start);
  if (head.entries.has(span.file)) return { ...diagnostic, place, end: places.place(span.file, span.end) };
  const message = `${place.file}:${place.line}:${place.column}: ${diagnostic.message}`;
  const here = diagnostic.related.find((other) => head.entries.has(other.span.file))?.span ?? null;
  return {
    ...diagnostic,
    message,
    span: here,
    place: here && places.place(here.file, here.start),
    end: here && places.place(here.file, here.end),
  };
}
