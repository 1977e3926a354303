import { DIAGNOSTICS_MAX } from "../diagnostics/report.ts";
import { GlobIndex, type MatchBudget } from "../globs/index.ts";
import { pathListsOf } from "../selection/path-lists.ts";
import { named } from "../selection/sentence.ts";
import type { LintInput } from "./lint.ts";

/** Work spent on advice; a quarter of a second's worth. Past it the rest of the globs is not judged. */
const LINT_WORK_MAX = 5_000_000;

/**
 * A glob of a path condition that no file fits, neither at head nor at the base. Most often a folder
 * was renamed and the job no longer runs for it.
 */
export function globMatchesNoFile({ model, lists, input, report }: LintInput): void {
  const checked = [...new Set(pathListsOf(model).map((list) => lists.of(list)))];
  const entries = checked.flatMap((list) => list.entries.filter(({ glob }) => !glob.negated));
  const index = new GlobIndex(entries.map(({ glob }) => glob));
  const unmatched = new Set(entries.keys());
  const budget: MatchBudget = { left: LINT_WORK_MAX };
  for (const tree of [input.head, input.base]) {
    for (const path of tree?.entries.keys() ?? []) {
      if (unmatched.size === 0) return;
      for (const id of index.match(path, budget)) unmatched.delete(id);
      if (budget.left < 0) return;
    }
  }
  for (const id of [...unmatched].slice(0, DIAGNOSTICS_MAX)) {
    const entry = entries[id];
    if (entry === undefined) continue;
    report.add("DC1902", entry.span, `No file in the repository matches ${named(entry.glob.source)}`);
  }
}
