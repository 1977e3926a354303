import { wakeAll } from "../db/enqueue.ts";
import { lockRunSnapshot } from "../db/run-snapshot.ts";
import { advance } from "../scheduler/advance.ts";
import type { RunDecision } from "../scheduler/decision.ts";
import type { RunSnapshot } from "../scheduler/run-snapshot.ts";
import type { AttemptId, JobId, RunId } from "../../schemas/ids.ts";
import type { PlanJob } from "../../schemas/plan.ts";
import { type AttemptState, isTerminal, RUN_TRANSITIONS } from "../../schemas/states.ts";
import { askToStop, endAttempt } from "./attempts.ts";
import type { Change } from "./change.ts";
import { createAttempts, queueAttempts } from "./create-attempts.ts";
import { moveJobs, moveRun } from "./transition.ts";

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
  const decisions = advance(snapshot, change.now);
  for (const decision of decisions) {
    await carryOut(change, runId, snapshot, decision);
  }
  // Ends come before births: a job's next attempt is made when its last one has ended.
  await endJobs(change, runId, decisions);
  await createAttempts(
    change,
    runId,
    decisions.filter((decision) => decision.decide === "create_attempt"),
    snapshot,
  );
  await endRun(change, runId, snapshot, decisions);
  await change.tx`
    update delta.runs set wake_at = deadline_at where id = ${runId} and wake_at is not null and deadline_at is not null`;
  change.unsettled.delete(runId);
}

/** Carries out what concerns one live attempt. */
async function carryOut(
  change: Change,
  runId: RunId,
  snapshot: RunSnapshot,
  decision: RunDecision,
): Promise<void> {
  switch (decision.decide) {
    case "queue_attempt":
      return queueAttempts(change, runId, [decision.attempt]);
    case "ask_to_stop":
      return askToStop(change, {
        id: decision.attempt,
        run: runId,
        from: decision.from,
        reason: decision.reason,
        detail: null,
        graceMs: planOfAttempt(snapshot, decision.attempt).cancel.grace_ms,
      });
    case "end_attempt": {
      const { attempt: id, from, state: to, reason, detail } = decision;
      const receipt = to === "canceled" ? { receipt: receiptOfEnd(from) } : {};
      const end = { id, run: runId, from, to, reason, detail, ...receipt };
      await endAttempt(change, { ...end, lease: "revoked", stopDelayMs: 0 });
      return;
    }
    case "create_attempt":
    case "end_job":
    case "end_run":
      return;
    default:
      decision satisfies never;
  }
}

/** Jobs that end alike are ended in one statement: a canceled run may have a thousand of them. */
async function endJobs(change: Change, run: RunId, decisions: readonly RunDecision[]): Promise<void> {
  const ends = decisions.filter((decision) => decision.decide === "end_job");
  const alike = Map.groupBy(ends, ({ from, state, reason, detail }) =>
    JSON.stringify([from, state, reason, detail]),
  );
  for (const group of alike.values()) {
    const ids = group.map(({ job }) => job);
    const [{ from, state: to, reason, detail }] = group as [(typeof group)[number]];
    await moveJobs(change, { ids, run, from, to, reason, detail });
  }
}

async function endRun(
  change: Change,
  id: RunId,
  snapshot: RunSnapshot,
  decisions: readonly RunDecision[],
): Promise<void> {
  const end = decisions.find((decision) => decision.decide === "end_run");
  if (end !== undefined) {
    const { state: to, reason, detail } = end;
    await moveRun(change, { id, run: id, from: snapshot.state, to, reason, detail });
    // The run's place in its concurrency group is free.
    change.wakes.push(wakeAll("admit-attempts"));
  }
}

/** How we know that nothing runs when no runner has told us. */
function receiptOfEnd(from: AttemptState): string {
  return from === "cancel_requested" ? "unconfirmed" : "never_claimed";
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
