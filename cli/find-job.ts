import type { AttemptView, JobView } from "../schemas/api.ts";
import { CliFailure } from "./failure.ts";

/** The job of a run that a person named by its key. Throws `job_unknown`, with the nearest key there is. */
export async function findJob(jobs: readonly JobView[], key: string): Promise<JobView> {
  const job = jobs.find((candidate) => candidate.key === key);
  if (job !== undefined) return job;
  const { suggest } = await import("../compiler/diagnostics/suggest.ts");
  const keys = jobs.map((candidate) => candidate.key);
  const near = suggest(key, keys);
  const hint = near === null ? `It has: ${keys.join(", ") || "no jobs"}.` : `Did you mean ${near}?`;
  throw new CliFailure("job_unknown", `the run has no job ${key}`, hint);
}

/** The last attempt of a job, or the one with that number, which must exist. */
export function findAttempt(job: JobView, number: number | undefined): AttemptView | undefined {
  if (number === undefined) return job.attempts.at(-1);
  const attempt = job.attempts.find((candidate) => candidate.number === number);
  if (attempt === undefined) throw new CliFailure("usage", `${job.key} has no attempt ${number}`);
  return attempt;
}
