/** Longer words than this are not compared; no name of ours comes near it. */
const WORD_CHARACTERS_MAX = 64;

/** Of very many names only the first are compared: a suggestion is not worth seconds. */
const CANDIDATES_MAX = 500;

/**
 * The candidate a mistyped word most likely meant, or null when none is near: at most a third of
 * its letters may differ. A swap of two neighbours counts as one difference.
 */
export function suggest(word: string, candidates: Iterable<string>): string | null {
  if (word.length > WORD_CHARACTERS_MAX) return null;
  const lower = word.toLowerCase();
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  let compared = 0;
  for (const candidate of candidates) {
    compared += 1;
    if (compared > CANDIDATES_MAX) break;
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(lower, candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `; did you mean ...?`, or nothing. Made to follow the sentence that says what is wrong. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = suggest(word, candidates);
  return found === null ? "" : `; did you mean \`${found}\`?`;
}

/** Three rows of a comparison, used again by each: a hostile text asks for a hundred thousand. */
const ROWS = [0, 1, 2].map(() => new Uint8Array(2 * WORD_CHARACTERS_MAX));

/**
 * The number of differences, or `enough` as soon as there are that many. Only cells near the diagonal are looked
 * at: any other stands for at least as many insertions.
 */
function editDistance(a: string, b: string, enough: number): number {
  let [beforeLast, last, current] = ROWS as [Uint8Array, Uint8Array, Uint8Array];
  for (let column = 0; column <= b.length; column += 1) last[column] = Math.min(column, enough);
  for (let row = 1; row <= a.length; row += 1) {
    const letter = a.charCodeAt(row - 1);
    const from = Math.max(1, row - enough + 1);
    const to = Math.min(b.length, row + enough - 1);
    let before = from === 1 ? Math.min(row, enough) : enough;
    current[from - 1] = before;
    let least = before;
    for (let column = from; column <= to; column += 1) {
      const other = b.charCodeAt(column - 1);
      let cost = Math.min(
        (last[column] ?? enough) + 1,
        before + 1,
        (last[column - 1] ?? enough) + (letter === other ? 0 : 1),
        enough,
      );
      const isSwapped =
        row > 1 && column > 1 && letter === b.charCodeAt(column - 2) && a.charCodeAt(row - 2) === other;
      if (isSwapped) cost = Math.min(cost, (beforeLast[column - 2] ?? enough) + 1);
      current[column] = before = cost;
      least = Math.min(least, cost);
    }
    current[to + 1] = enough;
    // A swap looks two rows back, so both must be past it.
    if (least >= enough && !last.subarray(from - 1, to + 1).some((cost) => cost < enough)) return enough;
    [beforeLast, last, current] = [last, current, beforeLast];
  }
  return last[b.length] ?? enough;
}
