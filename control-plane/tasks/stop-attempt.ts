import type { Database } from "../db/client.ts";
import { readPlan } from "../db/plans.ts";
import { recordStop } from "../lifecycle/stop.ts";
import { plannedJob } from "../scheduler/planned-job.ts";
import type { StopResult } from "../../schemas/dispatcher.ts";
import type { AttemptId, RunId } from "../../schemas/ids.ts";
import type { TaskContext } from "./context.ts";

const FAILED_RETRY_MS = 5_000;

interface AttemptToStop {
  readonly id: AttemptId;
  readonly run: RunId;
  readonly jobKey: string;
  readonly planDigest: string;
}

/** Tells the backend to stop an attempt's runner, until it is seen to be gone. */
export async function stopAttempt(context: TaskContext, attemptId: string): Promise<void> {
  const { database, dispatcher, log } = context;
  const attempt = await readIfStopWanted(database, attemptId);
  if (attempt === null) {
    return;
  }
  const { cancel } = plannedJob(await readPlan(database, attempt.planDigest), attempt.jobKey);
  const result = await dispatcher
    .stop({ attemptId: attempt.id, graceMs: cancel.grace_ms })
    .catch((error: unknown): StopResult => {
      log.error({ attempt: attemptId, err: error }, "the dispatcher failed to stop an attempt");
      return { status: "unknown", detail: "the dispatcher failed", retryAfterMs: FAILED_RETRY_MS };
    });
  await recordStop(database, attempt, result);
}

/** Null when nobody wants it stopped, or its runner still has time to finish its logs. */
async function readIfStopWanted(database: Database, attemptId: string): Promise<AttemptToStop | null> {
  const [row] = await database<AttemptToStop[]>`
    select a.id, a.run_id as run, j.key as "jobKey", r.plan_digest as "planDigest"
    from delta.attempts a join delta.jobs j on j.id = a.job_id join delta.runs r on r.id = a.run_id
    where a.id = ${attemptId} and a.stop_wanted`;
  return row ?? null;
}
