import { DIAGNOSTICS_MAX, type Report } from "../diagnostics/report.ts";
import type { ListIndex, MatchBudget } from "../globs/index.ts";
import type { TreeSnapshot } from "../input.ts";
import { named } from "../selection/sentence.ts";

/** Work spent on advice; a quarter of a second's worth. Past it the rest of the globs is not judged. */
const LINT_WORK_MAX = 5_000_000;

/**
 * A glob of a path condition that no file fits, neither at head nor at the base. Most often a folder
 * was renamed and the job no longer runs for it.
 */
export function globMatchesNoFile(
  { owners, globs }: ListIndex,
  trees: readonly (TreeSnapshot | null)[],
  report: Report,
): void {
  const unmatched = new Set([...owners.keys()].filter((id) => owners[id]?.glob.negated === false));
  const budget: MatchBudget = { left: LINT_WORK_MAX };
  for (const tree of trees) {
    for (const path of tree?.entries.keys() ?? []) {
      if (unmatched.size === 0) return;
      for (const id of globs.match(path, budget)) unmatched.delete(id);
      if (budget.left < 0) return;
    }
  }
  for (const id of [...unmatched].slice(0, DIAGNOSTICS_MAX)) {
    const entry = owners[id];
    if (entry === undefined) continue;
    report.add("DC1902", entry.span, `No file in the repository matches ${named(entry.glob.source)}`);
  }
}
