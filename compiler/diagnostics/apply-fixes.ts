import type { Diagnostic, Fix } from "../../schemas/diagnostic.ts";
import type { SourceTexts } from "./source-text.ts";

export interface AppliedFixes {
  /** New text by file, for the files that changed. */
  readonly texts: ReadonlyMap<string, string>;
  readonly applied: readonly Fix[];
  /** Fixes that touch what an earlier one rewrote, or a file that is not at hand; compile again to see them anew. */
  readonly left: readonly Fix[];
}

/** Applies each fix whole or not at all, in the order of the diagnostics. */
export function applyFixes(diagnostics: readonly Diagnostic[], sources: SourceTexts): AppliedFixes {
  const taken = new Map<string, { start: number; end: number; newText: string }[]>();
  const applied: Fix[] = [];
  const left: Fix[] = [];
  for (const { fix } of diagnostics) {
    if (fix === undefined) continue;
    const fits = fix.edits.every(({ span }) => {
      const text = sources(span.file);
      const others = taken.get(span.file) ?? [];
      return text !== null && span.end <= text.length && others.every((other) => isApart(other, span));
    });
    if (!fits) {
      left.push(fix);
      continue;
    }
    applied.push(fix);
    for (const { span, newText } of fix.edits) {
      const edits = taken.get(span.file) ?? [];
      edits.push({ start: span.start, end: span.end, newText });
      taken.set(span.file, edits);
    }
  }
  const texts = new Map<string, string>();
  for (const [file, edits] of taken) {
    const backwards = edits.toSorted((one, other) => other.start - one.start);
    let text = sources(file) ?? "";
    for (const { start, end, newText } of backwards) text = text.slice(0, start) + newText + text.slice(end);
    texts.set(file, text);
  }
  return { texts, applied, left };
}

/** Two insertions at one offset have no order, so they are not apart. */
function isApart(one: { start: number; end: number }, other: { start: number; end: number }): boolean {
  return one.start !== other.start && (one.end <= other.start || other.end <= one.start);
}
