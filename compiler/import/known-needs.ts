import type { Span } from "../../schemas/diagnostic.ts";
import type { Report } from "../diagnostics/report.ts";
import { type JobDraft, NEVER } from "./emit.ts";
import { changed } from "./reader.ts";

/**
 * The jobs, each needing jobs that are there, once. One that needs a job that was left out does not run:
 * it may build on what that one did.
 */
export function withKnownNeeds(
  jobs: ReadonlyMap<string, JobDraft>,
  placeOf: (id: string) => Span,
  report: Report,
): ReadonlyMap<string, JobDraft> {
  return new Map(
    Array.from(jobs, ([id, job]) => {
      const needs = [...new Map((job.needs ?? []).map((need) => [need.job, need])).values()];
      const known = needs.filter((need) => jobs.has(need.job));
      const missing = needs.find((need) => !jobs.has(need.job) && need.optional === undefined);
      if (missing === undefined) return [id, { ...job, needs: known }];
      changed(
        report,
        placeOf(id),
        `\`${id}\` needs \`${missing.job}\`, which was left out, and does not run`,
      );
      return [id, { ...job, needs: known, rules: undefined, changes: undefined, if: NEVER }];
    }),
  );
}
