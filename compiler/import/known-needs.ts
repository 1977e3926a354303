import type { Span } from "../../schemas/diagnostic.ts";
import type { Report } from "../diagnostics/report.ts";
import { type Env, type JobDraft, NEVER } from "./emit.ts";
import type { Outcomes } from "./outcome.ts";
import { changed } from "./reader.ts";

/** Where a job was written, and what is found in it; null for an id of no job. */
export type WrittenJobs = (id: string) => Written | null;

interface Written {
  readonly entry: { readonly keySpan: Span };
  readonly report: Report;
}

/**
 * The jobs, each needing jobs that are there, once. One that needs a job that was left out does not run:
 * it may build on what that one did.
 */
export function withKnownNeeds(
  jobs: ReadonlyMap<string, JobDraft>,
  writtenOf: WrittenJobs,
  outcomes: Outcomes,
): ReadonlyMap<string, JobDraft> {
  return new Map(
    Array.from(jobs, ([id, job]) => {
      const needs = [...new Map((job.needs ?? []).map((need) => [need.job, need])).values()];
      const known = needs.filter((need) => jobs.has(need.job));
      const missing = needs.find((need) => !jobs.has(need.job) && need.optional === undefined);
      const written = writtenOf(id);
      if (missing === undefined || written === null) return [id, { ...job, needs: known }];
      const message = `\`${id}\` needs \`${missing.job}\`, which was left out, and does not run`;
      changed(written.report, written.entry.keySpan, message);
      outcomes.leave(written.report);
      const kept = { ...job, needs: known, rules: undefined, changes: undefined, if: NEVER };
      return [id, withoutReads(kept, new Set(known.map((need) => need.job)))];
    }),
  );
}

/** Without variables that read what a job left behind that is not among the needs. */
function withoutReads(job: JobDraft, needed: ReadonlySet<string>): JobDraft {
  const isRead = (value: string): boolean => {
    const read = /^\$\{\{ needs\.([\w-]+)\./.exec(value)?.[1];
    return read === undefined || needed.has(read);
  };
  const keep = (env: Env | undefined): Env =>
    Object.fromEntries(Object.entries(env ?? {}).filter(([, value]) => isRead(value)));
  return { ...job, env: keep(job.env), steps: job.steps.map((step) => ({ ...step, env: keep(step.env) })) };
}
