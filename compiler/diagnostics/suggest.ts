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

/** The number of differences, or any number from `enough` on as soon as there are that many. */
function editDistance(a: string, b: string, enough: number): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    let least = row;
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current.push(cost);
      least = Math.min(least, cost);
    }
    // A swap looks two rows back, so both must be past it.
    if (least >= enough && Math.min(...last) >= enough) return enough;
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
