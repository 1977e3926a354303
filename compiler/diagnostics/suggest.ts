/** Longer words than this are not compared; no name of ours comes near it. */
const WORD_CHARACTERS_MAX = 64;

/** Of very many names only the first are compared: a suggestion is not worth seconds. */
const CANDIDATES_MAX = 1_000;

/** Names to compare mistyped words with. Each is made ready for that once, when the first word is asked about. */
export class Candidates {
  readonly #names: Iterable<string>;
  #ready: readonly Candidate[] | null = null;
  #comparisonsLeft: number;

  /**
   * Of very many names only the first CANDIDATES_MAX count. They are read once. After `comparisonsMax` comparisons
   * nothing is near any more: only for names that one compile alone asks about, as answers must not depend on what
   * was compiled before.
   */
  constructor(names: Iterable<string>, comparisonsMax: number = Number.POSITIVE_INFINITY) {
    this.#names = names;
    this.#comparisonsLeft = comparisonsMax;
  }

  /**
   * The candidate a mistyped word most likely meant, or null when none is near: at most a third of its letters
   * may differ. A swap of two neighbours counts as one difference. `except` is no candidate.
   */
  nearest(word: string, except: string | null = null): string | null {
    if (word.length > WORD_CHARACTERS_MAX || this.#comparisonsLeft <= 0) return null;
    const lower = word.toLowerCase();
    const letters = lettersOf(lower);
    let best: string | null = null;
    let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
    this.#ready ??= readyOf(this.#names);
    this.#comparisonsLeft -= this.#ready.length;
    for (const { name, lower: other, letters: others } of this.#ready) {
      if (Math.abs(name.length - word.length) >= bestDistance || name === except) continue;
      // A letter that only one of them has is a difference, and one difference removes at most one from each.
      if (countOf(letters & ~others) >= bestDistance || countOf(others & ~letters) >= bestDistance) continue;
      const distance = editDistance(lower, other, bestDistance);
      if (distance < bestDistance) {
        best = name;
        bestDistance = distance;
      }
    }
    return best;
  }
}

/** The names of maps that were asked about: a map of thousands is made ready once. */
const namesOfMaps = new WeakMap<ReadonlyMap<string, unknown>, Candidates>();

/** The keys of a map that does not change any more, to be compared with many words. */
export function namesOf(map: ReadonlyMap<string, unknown>): Candidates {
  const known = namesOfMaps.get(map);
  if (known !== undefined) return known;
  const names = new Candidates(map.keys());
  namesOfMaps.set(map, names);
  return names;
}

/** See `Candidates.nearest`, for names that are asked once. */
export function suggest(word: string, candidates: Iterable<string>): string | null {
  return new Candidates(candidates).nearest(word);
}

/** `; did you mean ...?`, or nothing. Made to follow the sentence that says what is wrong. */
export function didYouMean(word: string, candidates: Iterable<string> | Candidates, except?: string): string {
  const names = candidates instanceof Candidates ? candidates : new Candidates(candidates);
  const found = names.nearest(word, except);
  return found === null ? "" : `; did you mean \`${found}\`?`;
}

interface Candidate {
  readonly name: string;
  readonly lower: string;
  readonly letters: number;
}

function readyOf(names: Iterable<string>): readonly Candidate[] {
  const ready: Candidate[] = [];
  for (const name of names) {
    if (ready.length === CANDIDATES_MAX) break;
    const lower = name.toLowerCase();
    ready.push({ name, lower, letters: lettersOf(lower) });
  }
  return ready;
}

/** A bit for each letter that is there; several letters share one. */
function lettersOf(text: string): number {
  let letters = 0;
  for (let at = 0; at < text.length; at += 1) letters |= 1 << (text.charCodeAt(at) & 31);
  return letters;
}

/** How many bits are set. */
function countOf(bits: number): number {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count += 1;
  return count;
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
