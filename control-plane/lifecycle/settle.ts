import { newId } from "../clock.ts";
import { wakeAll } from "../db/enqueue.ts";
import { lockRunSnapshot } from "../db/run-snapshot.ts";
import { advance } from "../scheduler/advance.ts";
import type { RunDecision } from "../scheduler/decision.ts";
import type { RunSnapshot } from "../scheduler/run-snapshot.ts";
import type { AttemptId, JobId, RunId } from "../../schemas/ids.ts";
import type { PlanJob } from "../../schemas/plan.ts";
import { type AttemptState, isTerminal, RUN_TRANSITIONS } from "../../schemas/states.ts";
import { askToStop, endAttempt, queueAttempt } from "./attempts.ts";
import type { Change } from "./change.ts";
import { moveJob, moveRun, recordBirth } from "./transition.ts";

/**
 * Locks the run, decides what must happen to it now and carries all of it out, in the caller's
 * transaction. Afterwards the run waits for its own deadline, or for the next thing that ends.
 */
export async function settleRun(change: Change, runId: RunId): Promise<void> {
  const locked = await lockRunSnapshot(change.tx, runId);
  if (locked === null || isTerminal(RUN_TRANSITIONS, locked.snapshot.state)) {
    return;
  }
  const { snapshot } = locked;
  for (const decision of advance(snapshot, change.now)) {
    await carryOut(change, runId, snapshot, decision);
  }
  await change.tx`
    update delta.runs set wake_at = deadline_at where id = ${runId} and wake_at is not null and deadline_at is not null`;
  change.unsettled.delete(runId);
}

async function carryOut(
  change: Change,
  runId: RunId,
  snapshot: RunSnapshot,
  decision: RunDecision,
): Promise<void> {
  switch (decision.decide) {
    case "create_attempt":
      return createAttempt(change, runId, snapshot, decision);
    case "queue_attempt":
      return queueAttempt(change, runId, decision.attempt, planOfAttempt(snapshot, decision.attempt));
    case "ask_to_stop":
      return askToStop(change, {
        id: decision.attempt,
        run: runId,
        from: decision.from,
        reason: decision.reason,
        graceMs: planOfAttempt(snapshot, decision.attempt).cancel.grace_ms,
      });
    case "end_attempt": {
      const { attempt: id, from, state: to, reason, detail } = decision;
      const receipt = to === "canceled" ? { receipt: receiptOfEnd(from) } : {};
      const end = { id, run: runId, from, to, reason, detail, ...receipt };
      await endAttempt(change, { ...end, lease: "revoked", stopDelayMs: 0 });
      return;
    }
    case "end_job": {
      const { job: id, from, state: to, reason, detail } = decision;
      await moveJob(change, { id, run: runId, from, to, reason, detail });
      return;
    }
    case "end_run": {
      const { state: to, reason, detail } = decision;
      await moveRun(change, { id: runId, run: runId, from: snapshot.state, to, reason, detail });
      return;
    }
    default:
      decision satisfies never;
  }
}

/** How we know that nothing runs when no runner has told us. */
function receiptOfEnd(from: AttemptState): string {
  return from === "cancel_requested" ? "unconfirmed" : "never_claimed";
}

async function createAttempt(
  change: Change,
  runId: RunId,
  snapshot: RunSnapshot,
  decision: Extract<RunDecision, { decide: "create_attempt" }>,
): Promise<void> {
  const job = snapshot.jobs.find((candidate) => candidate.id === decision.job);
  const plan = planOf(snapshot, decision.job);
  const id = newId<AttemptId>();
  const notBefore = new Date(decision.notBefore);
  await change.tx`
    insert into delta.attempts (id, run_id, job_id, number, pool, priority, not_before, wake_at)
    values (${id}, ${runId}, ${decision.job}, ${decision.number}, ${plan.runner.pool}, ${plan.priority},
      ${notBefore}, ${notBefore})`;
  await recordBirth(change, "attempt", id, runId, "created");
  if (job?.state === "waiting" && decision.number === 1) {
    const columns = { started_at: new Date(change.now) };
    await moveJob(change, { id: decision.job, run: runId, from: "waiting", to: "active", columns });
  }
  if (decision.notBefore <= change.now) {
    await queueAttempt(change, runId, id, plan);
    change.wakes.push(wakeAll("admit-attempts"));
  }
}

function planOf(snapshot: RunSnapshot, jobId: JobId): PlanJob {
  const plan = snapshot.jobs.find((job) => job.id === jobId)?.plan;
  if (plan === undefined || plan === null) {
    throw new Error(`the plan does not run job ${jobId}`);
  }
  return plan;
}

function planOfAttempt(snapshot: RunSnapshot, attemptId: AttemptId): PlanJob {
  const job = snapshot.jobs.find((candidate) => candidate.attempts.some(({ id }) => id === attemptId));
  if (job === undefined) {
    throw new Error(`attempt ${attemptId} is of another run`);
  }
  return planOf(snapshot, job.id);
}
