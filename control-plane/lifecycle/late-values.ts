import type { Connection } from "../db/client.ts";
import { readJobResults, type JobResult } from "../db/job-results.ts";
import type { RunId } from "../../schemas/ids.ts";
import type { PlanLateRead, PlanLateValue } from "../../schemas/plan-job-parts.ts";
import type { PlanJob } from "../../schemas/plan.ts";
import { isTerminal, JOB_TRANSITIONS } from "../../schemas/states.ts";

/**
 * The job as its runner gets it: every variable that reads needed jobs has its value. What the job needs has
 * ended before it starts, and what has ended never changes, so each asking gives the same.
 */
export async function withLateValues(connection: Connection, run: RunId, job: PlanJob): Promise<PlanJob> {
  if (job.late.length === 0) {
    return job;
  }
  const reads = job.late.flatMap(({ parts }) => parts.filter((part) => typeof part !== "string"));
  const results = await readJobResults(connection, run, [...new Set(reads.map((read) => read.job))]);
  return bindLateValues(job, new Map(results.map((result) => [result.key, result])));
}

/** Throws when a job that is read has not ended: the scheduler started this one too early. */
export function bindLateValues(job: PlanJob, results: ReadonlyMap<string, JobResult>): PlanJob {
  const environment = (step: number | null): Readonly<Record<string, string>> =>
    Object.fromEntries(
      job.late
        .filter((value) => value.step === step)
        .map((value) => [value.variable, textOf(value, job, results)]),
    );
  return {
    ...job,
    env: { ...job.env, ...environment(null) },
    steps: job.steps.map((step, index) => ({ ...step, env: { ...step.env, ...environment(index) } })),
    late: [],
  };
}

function textOf(value: PlanLateValue, job: PlanJob, results: ReadonlyMap<string, JobResult>): string {
  return value.parts.map((part) => (typeof part === "string" ? part : read(part, job, results))).join("");
}

/** An output that was not written is empty. */
function read(
  { job: key, output }: PlanLateRead,
  job: PlanJob,
  results: ReadonlyMap<string, JobResult>,
): string {
  const result = results.get(key);
  if (result === undefined || !isTerminal(JOB_TRANSITIONS, result.state)) {
    throw new Error(`job ${job.key} was started before ${key}, which it reads, had ended`);
  }
  return output === null ? result.state : (result.outputs[output] ?? "");
}
