import type { Transaction } from "../db/client.ts";
import { enqueue, wakeRun, type Wake } from "../db/enqueue.ts";
import type { RunId } from "../../schemas/ids.ts";

/** Who makes a change and why, for the audit. */
export interface Author {
  /** `runner`, `control-plane`, `webhook` or `user:<name>`. */
  readonly actor: string;
  readonly cause: string;
}

/**
 * One change of state in the making: a transaction, who makes it, and what must follow when it
 * commits. Every state change goes through one, so none can forget its audit row or its wake-ups.
 */
export interface Change extends Author {
  readonly tx: Transaction;
  /** The database's clock when the change began, in milliseconds since 1970. */
  readonly now: number;
  /** Runs whose view has changed; each one's version is raised once, at the end. */
  readonly touched: Set<RunId>;
  /** Runs of which something ended, so that something may follow. */
  readonly unsettled: Set<RunId>;
  readonly wakes: Wake[];
}

/** A wake-up that the queue lost is made good by the sweeper after this. */
const LOST_WAKE_MS = 2_000;
/** The same for telling the forge, which is slow and may be retrying. */
const LOST_REPORT_MS = 15_000;

/** Runs the body inside the caller's transaction, then raises versions and enqueues what follows in it. */
export async function withChange<Result>(
  tx: Transaction,
  author: Author,
  body: (change: Change) => Promise<Result>,
): Promise<Result> {
  const [clock] = await tx<{ now: Date }[]>`select clock_timestamp() as now`;
  const now = clock?.now.getTime() ?? Number.NaN;
  const change: Change = { tx, ...author, now, touched: new Set(), unsettled: new Set(), wakes: [] };
  const result = await body(change);
  await raiseVersions(change);
  await enqueue(tx, [
    ...change.wakes,
    ...[...change.unsettled].map((run) => wakeRun("advance-run", run)),
    ...[...change.touched].map((run) => wakeRun("report-check", run)),
  ]);
  return result;
}

async function raiseVersions(change: Change): Promise<void> {
  const { tx } = change;
  if (change.touched.size > 0) {
    await tx`
      update delta.runs set version = version + 1, report_at = ${after(change, LOST_REPORT_MS)}
      where id = any(${[...change.touched]})`;
  }
  if (change.unsettled.size > 0) {
    await tx`
      update delta.runs set wake_at = least(wake_at, ${after(change, LOST_WAKE_MS)})
      where id = any(${[...change.unsettled]}) and wake_at is not null`;
  }
}

/** The moment that many milliseconds after the change began, for a deadline column. */
export function after(change: Change, milliseconds: number): Date {
  return new Date(change.now + milliseconds);
}
