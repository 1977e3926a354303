import type { Glob } from "./glob.ts";
import type { CheckedGlobList } from "./glob-list.ts";
import type { GlobPattern } from "./pattern.ts";
import { type MatchBudget, matchesSegment, type SegmentPattern } from "./segment.ts";

/**
 * Whether every text that `inner` admits is admitted by `outer`. Says no when it cannot tell, and when the
 * budget is spent.
 */
export function listContains(outer: CheckedGlobList, inner: CheckedGlobList, budget: MatchBudget): boolean {
  if (sourcesOf(outer).join("\n") === sourcesOf(inner).join("\n")) return true;
  if (outer.entries.some(({ glob }) => glob.negated)) return false;
  const taken = inner.entries.filter(({ glob }) => !glob.negated);
  return (
    taken.length > 0 &&
    taken.every(({ glob }) => outer.entries.some((entry) => globContains(entry.glob, glob, budget)))
  );
}

function sourcesOf({ entries }: CheckedGlobList): readonly string[] {
  return entries.map(({ glob }) => glob.source);
}

function globContains(outer: Glob, inner: Glob, budget: MatchBudget): boolean {
  return inner.patterns.every((pattern) =>
    outer.patterns.some((other) => patternContains(other, pattern, false, budget)),
  );
}

/** `hasTaken`: the globstar that `outer` begins with has taken a segment, so it may end here. */
function patternContains(
  outer: GlobPattern,
  inner: GlobPattern,
  hasTaken: boolean,
  budget: MatchBudget,
): boolean {
  budget.left -= 1;
  if (budget.left < 0) return false;
  if (outer.length === inner.length && outer.every((part, at) => isSame(part, inner[at]))) return true;
  const [first, ...rest] = outer;
  const [segment, ...others] = inner;
  if (first === undefined) return false;
  if (first.kind === "globstar") {
    if (segment === undefined) return rest.length === 0 && hasTaken;
    const takesSegment = segment.kind !== "globstar";
    return (
      patternContains(rest, inner, false, budget) ||
      patternContains(outer, others, hasTaken || takesSegment, budget)
    );
  }
  return (
    segment !== undefined &&
    segmentContains(first, segment, budget) &&
    patternContains(rest, others, false, budget)
  );
}

function segmentContains(outer: SegmentPattern, inner: SegmentPattern, budget: MatchBudget): boolean {
  if (isSame(outer, inner)) return true;
  if (inner.kind === "globstar") return false;
  if (inner.kind === "literal") return matchesSegment(outer, inner.text, budget);
  if (outer.kind !== "affix") return false;
  if (outer.prefix === "" && outer.suffix === "") return true;
  return (
    inner.kind === "affix" && inner.prefix.startsWith(outer.prefix) && inner.suffix.endsWith(outer.suffix)
  );
}

function isSame(a: SegmentPattern, b: SegmentPattern | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
