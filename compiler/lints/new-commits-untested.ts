import type { LintInput } from "./lint.ts";

/**
 * `types` that start the pipeline for a new pull request and not for its new commits: their checks are
 * reported as skipped, which branch protection takes for passed.
 */
export function newCommitsUntested({ model, report }: LintInput): void {
  const types = model.on.pullRequest?.types ?? null;
  const opened = types?.find(({ value }) => value === "opened");
  if (opened === undefined || types?.some(({ value }) => value === "synchronize") === true) return;
  report.add(
    "DC1909",
    opened.span,
    "`types` has `opened` without `synchronize`: new commits of a pull request start nothing, and their checks are reported as skipped, which counts as passed",
  );
}
