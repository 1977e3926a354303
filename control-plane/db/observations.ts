import type { AttemptId, RunId } from "../../schemas/ids.ts";
import type { AttemptState } from "../../schemas/states.ts";
import type { Connection, Transaction } from "./client.ts";

/** A live attempt, as far as what its backend shows matters to it. */
export interface ObservableAttempt {
  readonly id: AttemptId;
  readonly run: RunId;
  readonly state: AttemptState;
  readonly observed: string | null;
  readonly pending: string | null;
  /** A backend has said that it has it. */
  readonly placed: boolean;
  readonly dispatchedAt: Date;
}

/** Those of the named attempts that live and were dispatched. */
export async function readObservable(
  connection: Connection,
  ids: readonly AttemptId[],
): Promise<readonly ObservableAttempt[]> {
  return connection<ObservableAttempt[]>`
    select ${observableColumns(connection)} from delta.attempts
    where id = any(${[...ids]}::uuid[]) and finalized_at is null and dispatched_at is not null`;
}

/** Live attempts that a backend has, by rising id, after the first and up to the second; null leaves that end open. */
export async function readPlacedBetween(
  connection: Connection,
  after: AttemptId | null,
  upTo: AttemptId | null,
): Promise<readonly ObservableAttempt[]> {
  return connection<ObservableAttempt[]>`
    select ${observableColumns(connection)} from delta.attempts
    where finalized_at is null and backend_ref is not null
      ${after === null ? connection`` : connection`and id > ${after}`}
      ${upTo === null ? connection`` : connection`and id <= ${upTo}`}`;
}

function observableColumns(connection: Connection) {
  return connection`id, run_id as run, state, observed, pending, backend_ref is not null as placed,
    dispatched_at as "dispatchedAt"`;
}

/** What is to be kept of one attempt. */
export interface SeenAttempt {
  readonly id: AttemptId;
  readonly observed: string;
  readonly pending: string | null;
  /** Whether its runner runs, as far as the backend knows; null leaves the wait for the claim as it is. */
  readonly running: boolean | null;
}

/**
 * Keeps what the backend shows. While an attempt waits to be placed its queue deadline alone bounds
 * the wait; the time for its claim begins when its runner runs.
 */
export async function keepObservations(
  tx: Transaction,
  seen: readonly SeenAttempt[],
  claimDeadline: Date,
): Promise<void> {
  await tx`
    update delta.attempts a set observed = seen.observed,
      pending = case when a.state = 'dispatched' then seen.pending else a.pending end,
      claim_deadline_at = case
        when a.state <> 'dispatched' or seen.running is null then a.claim_deadline_at
        when seen.running then coalesce(a.claim_deadline_at, ${claimDeadline}) end,
      wake_at = case
        when a.state <> 'dispatched' or seen.running is null then a.wake_at
        when seen.running then least(coalesce(a.claim_deadline_at, ${claimDeadline}), a.queue_deadline_at)
        else coalesce(a.queue_deadline_at, a.wake_at) end
    from jsonb_to_recordset(${tx.json(seen as never)}) as seen (id uuid, observed text, pending text, running boolean)
    where a.id = seen.id and a.finalized_at is null`;
}

/**
 * Those of the named attempts that live, whose runner is being stopped in order, or that ended so
 * short a time ago that their runner may be on its way out.
 */
export async function readCaredFor(
  connection: Connection,
  ids: readonly AttemptId[],
  endingMs: number,
): Promise<ReadonlySet<AttemptId>> {
  const rows = await connection<{ id: AttemptId }[]>`
    select id from delta.attempts where id = any(${[...ids]}::uuid[])
      and (finalized_at is null or stop_wanted
        or finalized_at > clock_timestamp() - make_interval(secs => ${endingMs / 1_000}))`;
  return new Set(rows.map(({ id }) => id));
}
