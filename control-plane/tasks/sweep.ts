import type { Database } from "../db/client.ts";
import { enqueue, wakeAll, wakeAttempt, wakeRun, type Wake } from "../db/enqueue.ts";
import { inTransaction } from "../db/in-transaction.ts";
import { readExpiredLeases } from "../db/leases.ts";
import { recordSweep, takeDueAttempts, takeDueReports, takeDueRuns, type DueAttempt } from "../db/sweep.ts";
import { expireLease } from "../lifecycle/expire.ts";
import type { TaskLog } from "./context.ts";

export interface SweepTiming {
  /** Between two sweeps. */
  readonly intervalMs: number;
  /** A longer gap between two sweeps of anybody counts as an outage of ours. */
  readonly outageMs: number;
  /** What every lease gets after an outage. */
  readonly ttlMs: number;
}

export interface SweepContext {
  readonly database: Database;
  readonly timing: SweepTiming;
  readonly log: TaskLog;
}

/** Leases expired in one sweep; more wait for the next. */
const EXPIRED_LEASES_MAX = 200;

/**
 * One pass over everything that is due. Every live row has its next wake-up in the database, so this
 * makes good whatever the queue or a killed control plane lost. Every control plane does it.
 */
export async function sweep({ database, timing, log }: SweepContext): Promise<void> {
  if (await inTransaction(database, (tx) => recordSweep(tx, timing))) {
    log.warn(
      { ttl_ms: timing.ttlMs },
      "no control plane was at work for a while: every lease gets one more term",
    );
  }
  for (const lease of await readExpiredLeases(database, EXPIRED_LEASES_MAX)) {
    await expireLease(database, lease.id, lease.runId);
  }
  await wakeDueRows(database);
}

async function wakeDueRows(database: Database): Promise<void> {
  await inTransaction(database, async (tx) => {
    const attempts = await takeDueAttempts(tx);
    await enqueue(tx, attempts.flatMap(wakesOfAttempt));
  });
  await inTransaction(database, async (tx) => {
    const runs = await takeDueRuns(tx);
    const planned = (state: string): boolean => state !== "created" && state !== "planning";
    await enqueue(
      tx,
      runs.map(({ id, state }) => wakeRun(planned(state) ? "advance-run" : "plan-run", id)),
    );
  });
  await inTransaction(database, async (tx) => {
    const reports = await takeDueReports(tx);
    await enqueue(
      tx,
      reports.map(({ id }) => wakeRun("report-check", id)),
    );
  });
}

function wakesOfAttempt(attempt: DueAttempt): readonly Wake[] {
  const { id, runId, state, ended, stopWanted, unplaced } = attempt;
  return [
    ...(ended ? [] : [wakeRun("advance-run", runId)]),
    ...(stopWanted ? [wakeAttempt("stop-attempt", id)] : []),
    ...(state === "queued" ? [wakeAll("admit-attempts")] : []),
    ...(state === "dispatched" && unplaced ? [wakeAll("dispatch-attempts")] : []),
  ];
}
