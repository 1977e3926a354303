import type { Span } from "../../schemas/diagnostic.ts";
import { DECISION_MATCHES_MAX } from "../../schemas/plan.ts";
import type { CheckedGlobList } from "./glob-list.ts";
import { type Glob, parseGlob } from "./glob.ts";
import { GlobIndex } from "./glob-index.ts";
import { isGlobProblem } from "./problem.ts";
import type { MatchBudget } from "./segment.ts";

/**
 * Compared characters and segments in one plan, about a second's worth. Only crafted globs and paths
 * come near it; when it is spent, every list counts as matched, so that nothing is wrongly skipped.
 */
export const MATCH_WORK_MAX = 20_000_000;

export interface ListMatch {
  /** How many of the paths fit the list. */
  readonly total: number;
  /** The first DECISION_MATCHES_MAX of them, in the order of the paths. */
  readonly first: readonly { readonly path: string; readonly glob: string; readonly span: Span }[];
}

const NO_MATCH: ListMatch = { total: 0, first: [] };

interface Owner {
  /** Of the list that the glob stands in. */
  readonly key: string;
  readonly glob: Glob;
  readonly span: Span;
}

/** Many lists, ready to be held against paths. Never changes. */
export class ListIndex {
  /** By the ids that `globs` answers with. */
  readonly owners: readonly Owner[];
  readonly globs: GlobIndex;

  constructor(lists: Iterable<CheckedGlobList>) {
    const unique = new Map<string, CheckedGlobList>();
    for (const list of lists) unique.set(keyOf(list), list);
    this.owners = [...unique].flatMap(([key, list]) => list.entries.map((entry) => ({ key, ...entry })));
    this.globs = new GlobIndex(this.owners.map(({ glob }) => glob));
  }
}

/** Which of many lists match which of many paths, in one pass over the paths. */
export class PathMatcher {
  readonly #matches = new Map<string, { total: number; first: ListMatch["first"][number][] }>();
  /** True when the work limit was reached; the matches are then incomplete. */
  readonly exhausted: boolean;

  constructor({ owners, globs }: ListIndex, paths: Iterable<string>, budget: MatchBudget) {
    for (const path of paths) {
      const ids = globs.match(path, budget);
      if (ids.length === 0 && budget.left >= 0) continue;
      const last = new Map<string, Owner>();
      for (const id of ids) {
        const owner = owners[id];
        if (owner !== undefined) last.set(owner.key, owner);
      }
      if (budget.left < 0) break;
      for (const [key, { glob, span }] of last) {
        if (!glob.negated) this.#add(key, { path, glob: glob.source, span });
      }
    }
    this.exhausted = budget.left < 0;
  }

  #add(key: string, match: ListMatch["first"][number]): void {
    const found = this.#matches.get(key) ?? { total: 0, first: [] };
    found.total += 1;
    if (found.first.length < DECISION_MATCHES_MAX) found.first.push(match);
    this.#matches.set(key, found);
  }

  /** What matched a list of the index. */
  of(list: CheckedGlobList): ListMatch {
    return this.#matches.get(keyOf(list)) ?? NO_MATCH;
  }
}

/** The same place in the same file holds the same globs, for every cell of a matrix. */
function keyOf(list: CheckedGlobList): string {
  return `${list.span.start}:${list.span.end}:${list.span.file}`;
}

/**
 * A test of single paths against a list of globs, the last that fits deciding. Texts that are no globs
 * count for nothing: whoever owns the list reports them. All tests made with one budget share it, and
 * answer true once it is spent.
 */
export function pathTest(globs: readonly string[], budget: MatchBudget): (path: string) => boolean {
  const parsed = globs.map(parseGlob).filter((glob): glob is Glob => !isGlobProblem(glob));
  if (parsed.length === 0) return () => budget.left < 0;
  const index = new GlobIndex(parsed);
  return (path) => {
    const last = index.match(path, budget).at(-1);
    return budget.left < 0 || (last !== undefined && parsed[last]?.negated === false);
  };
}
