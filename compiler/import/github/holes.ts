import type { Span } from "../../../schemas/diagnostic.ts";
import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { plainText } from "../emit.ts";
import { leftOut, noted } from "../reader.ts";

const OPEN = "${{";
const CLOSE = "}}";

/** What stands in the place of one `${{ }}`. */
export type Hole =
  | { readonly text: string; readonly notes?: readonly string[] }
  | { readonly problem: string }
  | { readonly replacement: string };

/** The text with each hole filled; null when one cannot be, which is told. `at` is where it opens. */
export function fill(
  text: string,
  span: Span,
  report: Report,
  convert: (source: string, at: number) => Hole,
): string | null {
  let isWhole = true;
  let filled = "";
  let at = 0;
  for (let open = text.indexOf(OPEN); open >= 0; open = text.indexOf(OPEN, at)) {
    const close = text.indexOf(CLOSE, open);
    if (close < 0) break;
    const source = text.slice(open + OPEN.length, close);
    const hole = convert(source, open);
    if ("notes" in hole) for (const note of hole.notes ?? []) noted(report, span, `Here ${note}`);
    filled += text.slice(at, open);
    if ("replacement" in hole) filled += hole.replacement;
    else if ("text" in hole) filled += `${OPEN} ${hole.text} ${CLOSE}`;
    else {
      isWhole = false;
      const whole = text.slice(open, close + CLOSE.length);
      leftOut(report, span, `${quote(whole)} has no counterpart: ${hole.problem}`);
    }
    at = close + CLOSE.length;
  }
  return isWhole ? filled + plainText(text.slice(at)) : null;
}

/** The text as one word of a shell. Holes stay as they are: what they hold is filled in before a shell reads it. */
export function shellWord(text: string): string {
  const parts = text.split(/(\$\{\{(?:(?!\}\}).)*\}\})/s);
  const quoted = parts.map((part, index) => (index % 2 === 1 ? part : part.replaceAll("'", `'\\''`)));
  return `'${quoted.join("")}'`;
}
