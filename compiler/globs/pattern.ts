import type { GlobProblem } from "./problem.ts";
import { type MatchBudget, matchesSegment, parseSegment, type SegmentPattern } from "./segment.ts";

/** The segments of one alternative; never two globstars in a row. */
export type GlobPattern = readonly SegmentPattern[];

/** `**.ts` alone, as people write it for every file with that ending, crosses folders in micromatch; so it does here. */
const STARS_AND_EXTENSION = /^\*\*(?=\.\w+$)/;

/** One alternative of a glob, its braces expanded. */
export function parsePattern(text: string): GlobPattern | GlobProblem {
  const pattern: SegmentPattern[] = [];
  let endsInStar = false;
  for (const part of text.replace(STARS_AND_EXTENSION, "**/*").split("/")) {
    const segment = parseSegment(part);
    if ("code" in segment) return segment;
    if (segment.kind !== "globstar") endsInStar = /(?<!\\)(?:\\\\)*\*$/.test(part);
    if (segment.kind !== "globstar" || pattern.at(-1)?.kind !== "globstar") pattern.push(segment);
  }
  // `a/**` holds for a file `a` as well, but after a star the last globstar wants something below it.
  if (endsInStar && pattern.at(-1)?.kind === "globstar")
    pattern.push({ kind: "affix", prefix: "", suffix: "" });
  return pattern;
}

/**
 * Whether the segments from `segmentStart` on fit the pattern from `patternStart` on. A globstar takes as few
 * segments as possible and only the last one is ever given more, as for stars within a segment.
 */
export function matchesPattern(
  pattern: GlobPattern,
  patternStart: number,
  segments: readonly string[],
  segmentStart: number,
  budget: MatchBudget,
): boolean {
  let part = patternStart;
  let at = segmentStart;
  let starPart = -1;
  let starAt = 0;
  while (at < segments.length) {
    budget.left -= 1;
    if (budget.left < 0) return false;
    const expected = pattern[part];
    if (expected?.kind === "globstar") {
      starPart = part;
      starAt = at;
      part += 1;
      if (part === pattern.length) return true;
    } else if (expected !== undefined && matchesSegment(expected, segments[at] ?? "", budget)) {
      part += 1;
      at += 1;
    } else if (starPart >= 0) {
      starAt += 1;
      at = starAt;
      part = starPart + 1;
    } else {
      return false;
    }
  }
  while (pattern[part]?.kind === "globstar") part += 1;
  return part === pattern.length;
}
