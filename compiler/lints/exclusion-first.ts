import { named } from "../selection/sentence.ts";
import { globListsOf } from "../selection/path-lists.ts";
import type { LintInput } from "./lint.ts";

/** The last glob that fits decides, so an exclusion before everything else takes nothing away. */
export function exclusionFirst({ model, lists, report }: LintInput): void {
  for (const list of new Set(globListsOf(model).map((list) => lists.of(list)))) {
    const [first, ...rest] = list.entries;
    if (first?.glob.negated !== true || rest.every(({ glob }) => glob.negated)) continue;
    report.add(
      "DC1906",
      first.span,
      `${named(first.glob.source)} takes nothing away, for the globs after it decide; write it behind them`,
    );
  }
}
