import { newId } from "../clock.ts";
import { wakeAll } from "../db/enqueue.ts";
import { insertAttempts, type NewAttempt } from "../db/attempts.ts";
import type { RunDecision } from "../scheduler/decision.ts";
import type { RunSnapshot } from "../scheduler/run-snapshot.ts";
import type { AttemptId, RunId } from "../../schemas/ids.ts";
import type { PlanJob } from "../../schemas/plan.ts";
import { ADMISSION_RECHECK_MS } from "./attempts.ts";
import type { Change } from "./change.ts";
import { moveAttempts, moveJobs, recordBirths } from "./transition.ts";

/** What an attempt has been through when its row is written. */
const PATHS = { created: ["created"], queued: ["created", "queued"] } as const;

type CreateAttempt = Extract<RunDecision, { decide: "create_attempt" }>;

/**
 * Makes the attempts that were decided, all at once because a large run begins with many. Those that
 * need not wait are queued at once; jobs become active with their first attempt.
 */
export async function createAttempts(
  change: Change,
  run: RunId,
  decisions: readonly CreateAttempt[],
  snapshot: RunSnapshot,
): Promise<void> {
  if (decisions.length === 0) {
    return;
  }
  const plans = new Map(snapshot.jobs.map(({ id, plan }) => [id, plan]));
  const attempts = decisions.map((decision) =>
    newAttempt(decision, plans.get(decision.job) ?? null, change.now),
  );
  await insertAttempts(change.tx, run, attempts);
  for (const [state, born] of Map.groupBy(attempts, (attempt) => attempt.state)) {
    const ids = born.map(({ id }) => id);
    await recordBirths(change, "attempt", ids, run, PATHS[state]);
    if (state === "queued") {
      change.wakes.push(wakeAll("admit-attempts"));
    }
  }
  const first = decisions.filter(({ number }) => number === 1).map(({ job }) => job);
  const columns = { started_at: new Date(change.now) };
  await moveJobs(change, { ids: first, run, from: "waiting", to: "active", columns });
}

function newAttempt(
  { job: jobId, number, notBefore }: CreateAttempt,
  plan: PlanJob | null,
  now: number,
): NewAttempt {
  if (plan === null) {
    throw new Error(`the plan does not run job ${jobId}`);
  }
  const { runner, priority, queue_timeout_ms: queueTimeoutMs } = plan;
  const isReady = notBefore <= now;
  const queueDeadlineAt = notBefore + queueTimeoutMs;
  return {
    id: newId<AttemptId>(),
    jobId,
    number,
    state: isReady ? "queued" : "created",
    notBefore,
    queuedAt: isReady ? now : null,
    wakeAt: isReady ? Math.min(now + ADMISSION_RECHECK_MS, queueDeadlineAt) : notBefore,
    pool: runner.pool,
    priority,
    queueDeadlineAt,
    concurrencyGroup: plan.concurrency?.group ?? null,
    cellsOf: plan.cells === null || plan.cells.max === null ? null : plan.job,
  };
}

/** From here on they may be dispatched, as soon as admission finds room. */
export async function queueAttempts(change: Change, run: RunId, ids: readonly AttemptId[]): Promise<void> {
  if (ids.length === 0) {
    return;
  }
  const recheck = new Date(change.now + ADMISSION_RECHECK_MS);
  await moveAttempts(change, {
    ids,
    run,
    from: "created",
    to: "queued",
    columns: {
      queued_at: new Date(change.now),
      wake_at: change.tx`least(${recheck}::timestamptz, queue_deadline_at)`,
    },
  });
  change.wakes.push(wakeAll("admit-attempts"));
}
