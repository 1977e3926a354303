import { readMakingWay, type AttemptMakingWay } from "../db/concurrency.ts";
import { readPlan } from "../db/plans.ts";
import { plannedJob } from "../scheduler/planned-job.ts";
import { isClaimed, mayMakeWay } from "../scheduler/started.ts";
import type { Superseded } from "../scheduler/concurrency.ts";
import type { AttemptId, RunId } from "../../schemas/ids.ts";
import type { PlanJob } from "../../schemas/plan.ts";
import { askToStop, endAttempt } from "./attempts.ts";
import { stopRun } from "./cancel.ts";
import type { Change } from "./change.ts";

/**
 * Ends attempts whose place a newer one takes: at once where no runner has them, else by telling the runner. The
 * caller holds the locks of their runs; what was claimed meanwhile and is not interruptible stays.
 */
export async function supersedeAttempts(change: Change, superseded: Superseded<AttemptId>): Promise<void> {
  if (superseded.size === 0) {
    return;
  }
  for (const attempt of await readMakingWay(change.tx, [...superseded.keys()])) {
    const job = plannedJob(await readPlan(change.tx, attempt.planDigest), attempt.jobKey);
    if (mayMakeWay(job, attempt)) {
      await makeWay(change, attempt, job, `${superseded.get(attempt.id)} takes its place`);
    }
  }
}

async function makeWay(
  change: Change,
  { id, run, state: from }: AttemptMakingWay,
  job: PlanJob,
  detail: string,
): Promise<void> {
  const reason = "canceled_superseded";
  if (isClaimed(from)) {
    return askToStop(change, { id, run, from, reason, detail, graceMs: job.cancel.grace_ms });
  }
  const end = { id, run, from, to: "canceled", reason, detail, receipt: "never_claimed" } as const;
  await endAttempt(change, { ...end, lease: "revoked", stopDelayMs: 0 });
}

/** Asks runs to stop whose place a newer one takes. The caller holds their locks. */
export async function supersedeRuns(change: Change, superseded: Superseded<RunId>): Promise<void> {
  for (const [run, by] of superseded) {
    await stopRun(change, run, { reason: "canceled_superseded", detail: `${by} takes its place` });
  }
}
