import type { Database } from "../db/client.ts";
import { planJob } from "../db/plans.ts";
import { recordDispatch } from "../lifecycle/dispatch.ts";
import { claimToken } from "../lifecycle/tokens.ts";
import type { DispatchResult } from "../../schemas/dispatcher.ts";
import type { PipelineEvent } from "../../schemas/event.ts";
import type { AttemptId, RunId } from "../../schemas/ids.ts";
import type { TaskContext } from "./context.ts";

/** Asks again only after the wait that the dispatcher's own failure deserves. */
const FAILED_RETRY_MS = 5_000;

interface AttemptToDispatch {
  readonly id: AttemptId;
  readonly run: RunId;
  readonly number: number;
  readonly jobKey: string;
  readonly planDigest: string;
  readonly event: PipelineEvent;
}

/** Asks the backend for a runner. Repeated until it answers; the request of one attempt is always the same. */
export async function dispatchAttempt(context: TaskContext, attemptId: string): Promise<void> {
  const { database, dispatcher, log } = context;
  const attempt = await readIfUndispatched(database, attemptId);
  if (attempt === null) {
    return;
  }
  const job = await planJob(database, attempt.planDigest, attempt.jobKey);
  const result = await dispatcher
    .dispatch({
      attemptId: attempt.id,
      runId: attempt.run,
      attemptNumber: attempt.number,
      job,
      trust: attempt.event.trust,
      claimToken: claimToken(context.serverKey, attempt.id),
      controlPlaneUrl: context.controlPlaneUrl,
    })
    .catch((error: unknown): DispatchResult => {
      log.error({ attempt: attemptId, err: error }, "the dispatcher failed");
      return {
        status: "unknown",
        detail: "the dispatcher failed; it is tried again",
        retryAfterMs: FAILED_RETRY_MS,
      };
    });
  await recordDispatch(database, attempt, result);
}

/** Null when there is nothing to ask: a backend has it, a runner claimed it, or it ended. */
async function readIfUndispatched(database: Database, attemptId: string): Promise<AttemptToDispatch | null> {
  const [row] = await database<AttemptToDispatch[]>`
    select a.id, a.run_id as run, a.number, j.key as "jobKey", r.plan_digest as "planDigest", r.event
    from delta.attempts a join delta.jobs j on j.id = a.job_id join delta.runs r on r.id = a.run_id
    where a.id = ${attemptId} and a.state = 'dispatched' and a.backend_ref is null`;
  return row ?? null;
}
