import { booleanOf, entryOf } from "../language/read.ts";
import { JobMerger } from "../provenance/merged-job.ts";
import { named } from "../selection/sentence.ts";
import type { LintInput } from "./lint.ts";

/**
 * `required: true` beside `for_each`: somebody means to require the job's check by name, and the check of a
 * component is there only when the component is affected. A branch rule would wait for it for ever.
 */
export function checkOfComponent({ model, root, report }: LintInput): void {
  const merger = new JobMerger(root);
  const asked = new Set(
    model.jobs.filter(({ forEach, required }) => forEach !== null && required).map(({ id }) => id),
  );
  for (const id of asked) {
    const written = entryOf(merger.job(id, null)?.map ?? null, "required");
    if (written === null || booleanOf(written.value) !== true) continue;
    report.add(
      "DC1908",
      written.value.span,
      `The checks of ${named(id)} are there for affected components alone, so a branch rule that requires one of them waits for ever when its component is not; ` +
        "require the run's check `delta`, and leave this key out: jobs are required as they are",
    );
  }
}
