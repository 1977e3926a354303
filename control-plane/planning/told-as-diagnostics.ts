import { LineIndex, type SourceTexts } from "../../compiler/diagnostics/index.ts";
import type { Place, PlacedDiagnostic, Span } from "../../schemas/diagnostic.ts";
import type { NotCarriedOut } from "./not-carried-out.ts";

/** What this server does not carry out, as findings on the lines that ask for it. */
export function toldAsDiagnostics(
  found: readonly NotCarriedOut[],
  texts: SourceTexts,
): readonly PlacedDiagnostic[] {
  return found.map(({ key, job, place, harmless }): PlacedDiagnostic => {
    const who = job === null ? "" : `, which \`${job}\` asks for`;
    const span = place && spanOf(place, texts);
    const end = place && span && { ...place, column: place.column + span.end - span.start };
    return {
      code: harmless === null ? "DC1140" : "DC1141",
      severity: harmless === null ? "error" : "warning",
      message: `This server does not carry out \`${key}\` yet${who}${harmless === null ? "" : `; ${harmless}`}`,
      span,
      related: [],
      place,
      end,
    };
  });
}

/** The word at a place, as the finding's span; null for a file whose text is not at hand. */
function spanOf({ file, line, column }: Place, texts: SourceTexts): Span | null {
  const text = texts(file);
  if (text === null) return null;
  const start = new LineIndex(text).offset(line, column);
  const word = /^[\w.-]+/.exec(text.slice(start, start + WORD_CHARACTERS_MAX))?.[0] ?? "";
  return { file, start, end: start + word.length };
}

/** Longer words are not keys of the language; the span then ends within one. */
const WORD_CHARACTERS_MAX = 200;
