import { checkOfComponent } from "./check-of-component.ts";
import { exclusionFirst } from "./exclusion-first.ts";
import { globstarInName } from "./globstar-in-name.ts";
import { jobNeverRuns } from "./job-never-runs.ts";
import type { Lint, LintInput } from "./lint.ts";
import { needLeftOut } from "./need-left-out.ts";
import { newCommitsUntested } from "./new-commits-untested.ts";
import { reachableFromForks } from "./reachable-from-forks.ts";
import { ruleShadowed } from "./rule-shadowed.ts";

export { globMatchesNoFile } from "./glob-matches-no-file.ts";

const LINTS: readonly Lint[] = [
  checkOfComponent,
  exclusionFirst,
  globstarInName,
  jobNeverRuns,
  needLeftOut,
  newCommitsUntested,
  reachableFromForks,
  ruleShadowed,
];

/** Advice about a pipeline that compiles. Findings are sorted by whoever settles the report. */
export function lintPipeline(input: LintInput): void {
  for (const lint of LINTS) lint(input);
}
