import type { Component } from "../../schemas/components.ts";
import { quote } from "../diagnostics/quote.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import { MATCH_WORK_MAX, matchesGlob, type MatchBudget } from "../globs/index.ts";
import type { GlobList } from "../language/model.ts";
import type { Judging } from "./judge-condition.ts";

/**
 * The components that a list of ids, roots and globs admits; the last entry that fits a component's id
 * or root decides. A name that is no component's is an error, a glob that fits none is advice: either
 * may be a slip that leaves out what should run.
 */
export function admittedComponents(
  filter: GlobList | null,
  components: readonly Component[],
  { lists, report, facts }: Judging,
): readonly Component[] {
  if (filter === null) return components;
  const budget: MatchBudget = { left: MATCH_WORK_MAX };
  const entries = lists.of(filter).entries.map(({ glob, span }) => ({
    glob,
    span,
    fits: components.filter(
      ({ id, root }) => matchesGlob(glob, id, budget) || matchesGlob(glob, root, budget),
    ),
  }));
  // What could not be matched in time is not left out.
  if (budget.left < 0) return components;
  const admitted = new Map<string, boolean>();
  for (const { glob, span, fits } of entries) {
    for (const { root } of fits) admitted.set(root, !glob.negated);
    if (fits.length > 0 || facts.graphDoubt !== null) continue;
    const name = glob.source.replace(/^!/, "");
    if (/[*?[\]{}]/.test(name))
      report.add("DC1705", span, `No component's id or root matches ${quote(name)}`);
    else
      report.add(
        "DC1703",
        span,
        `No component is called ${quote(name)}${didYouMean(name, facts.componentNames)}`,
      );
  }
  return components.filter(({ root }) => admitted.get(root) === true);
}
