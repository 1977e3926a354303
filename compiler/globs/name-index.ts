import type { GlobPattern } from "./pattern.ts";
import type { SegmentPattern, SegmentToken } from "./segment.ts";

export interface Candidate {
  readonly id: number;
  readonly pattern: GlobPattern;
  /** Segments of the pattern that the walk to its node has already matched. */
  readonly depth: number;
}

/** Characters of an end that are looked up. More would tell few globs apart, and each length is another question. */
const END_CHARACTERS_MAX = 16;

/** Candidates by one end of the name, an end of each length that occurs apart from the others. */
type Ends = Map<number, Map<string, Candidate[]>>;

/**
 * Candidates by the fixed text that the name of a path must begin or end with, whichever is longer: a thousand
 * globs that differ there cost a path what one does.
 */
export class NameIndex {
  readonly #starts: Ends = new Map();
  readonly #tails: Ends = new Map();
  readonly #others: Candidate[] = [];

  add(candidate: Candidate): void {
    const { start, tail } = fixedEnds(candidate.pattern.at(-1));
    if (start === "" && tail === "") this.#others.push(candidate);
    else if (start.length > tail.length) addEnd(this.#starts, start.slice(0, END_CHARACTERS_MAX), candidate);
    else addEnd(this.#tails, tail.slice(-END_CHARACTERS_MAX), candidate);
  }

  /** Lists of all that a path with this name can fit, and of some that it cannot. */
  of(name: string): readonly (readonly Candidate[])[] {
    const lists: (readonly Candidate[])[] = this.#others.length > 0 ? [this.#others] : [];
    for (const [length, byStart] of this.#starts) {
      const list = byStart.get(name.slice(0, length));
      if (list !== undefined) lists.push(list);
    }
    for (const [length, byTail] of this.#tails) {
      const list = length > name.length ? undefined : byTail.get(name.slice(name.length - length));
      if (list !== undefined) lists.push(list);
    }
    return lists;
  }
}

function addEnd(ends: Ends, text: string, candidate: Candidate): void {
  const ofLength = ends.get(text.length) ?? new Map<string, Candidate[]>();
  ends.set(text.length, ofLength);
  const list = ofLength.get(text) ?? [];
  ofLength.set(text, list);
  list.push(candidate);
}

/** What every text that fits begins and ends with; the two may overlap in it. */
function fixedEnds(segment: SegmentPattern | undefined): { readonly start: string; readonly tail: string } {
  if (segment?.kind === "literal") return { start: segment.text, tail: "" };
  if (segment?.kind === "affix") return { start: segment.prefix, tail: segment.suffix };
  if (segment?.kind !== "tokens") return { start: "", tail: "" };
  const { tokens } = segment;
  const isOpen = (token: SegmentToken): boolean => typeof token !== "number";
  const text = (some: readonly SegmentToken[]): string => String.fromCharCode(...(some as readonly number[]));
  return {
    start: text(tokens.slice(0, tokens.findIndex(isOpen))),
    tail: text(tokens.slice(tokens.findLastIndex(isOpen) + 1)),
  };
}
