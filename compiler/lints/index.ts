import { checkNameChanges } from "./check-name-changes.ts";
import { exclusionFirst } from "./exclusion-first.ts";
import { globstarInName } from "./globstar-in-name.ts";
import { jobNeverRuns } from "./job-never-runs.ts";
import type { Lint, LintInput } from "./lint.ts";
import { needLeftOut } from "./need-left-out.ts";

export { globMatchesNoFile } from "./glob-matches-no-file.ts";

const LINTS: readonly Lint[] = [checkNameChanges, exclusionFirst, globstarInName, jobNeverRuns, needLeftOut];

/** Advice about a pipeline that compiles, from itself alone. Findings are sorted by whoever settles the report. */
export function lintPipeline(input: LintInput): void {
  for (const lint of LINTS) lint(input);
}
