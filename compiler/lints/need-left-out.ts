import type { JobModel } from "../language/model.ts";
import { named } from "../selection/sentence.ts";
import type { LintInput } from "./lint.ts";

/**
 * A need for success on a job that its own `if` can leave out blocks the dependent each time it does.
 * No advice where the dependent asks for the same: then both are left out together.
 */
export function needLeftOut({ model, report }: LintInput): void {
  const byKey = new Map(model.jobs.map((job) => [job.key, job]));
  for (const job of model.jobs) {
    for (const { keys, when, job: id } of job.needs) {
      if (when !== "success") continue;
      const left = keys
        .map((key) => byKey.get(key))
        .find((needed) => needed !== undefined && mayBlock(job, needed));
      if (left === undefined) continue;
      const test = left.condition?.if;
      report.add(
        "DC1901",
        id.span,
        `${named(job.id)} is blocked whenever ${named(left.id)} is left out by its \`if\`; ` +
          "write `when: skipped_ok` to do without it, or give both the same condition",
        test ? { related: [{ span: test.span, message: `${named(left.key)} may be left out here` }] } : {},
      );
    }
  }
}

function mayBlock(job: JobModel, needed: JobModel): boolean {
  const asked = partsOf(job);
  return partsOf(needed).some((part) => !asked.includes(part));
}

/** The parts of a job's `if` that all have to hold, as written. */
function partsOf(job: JobModel): readonly string[] {
  const source = job.condition?.if?.source;
  return source === undefined ? [] : source.split("&&").map((part) => part.replace(/\s+/g, " ").trim());
}
