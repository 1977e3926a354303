import type { TrustClass } from "../../schemas/event.ts";
import type { AttemptId, RunId } from "../../schemas/ids.ts";
import type { AttemptState } from "../../schemas/states.ts";
import type { Connection, Transaction } from "./client.ts";

/** An attempt for which a backend is to be asked for a runner. */
export interface AttemptToDispatch {
  readonly id: AttemptId;
  readonly run: RunId;
  readonly number: number;
  readonly jobKey: string;
  readonly planDigest: string;
  readonly trust: TrustClass;
}

/**
 * Takes attempts whose backend is to be asked now, the most urgent first, and puts off the next asking:
 * two control planes ask for one attempt at once only when the first takes longer than that.
 */
export async function takeDueDispatches(
  connection: Connection,
  limit: number,
  againMs: number,
): Promise<readonly AttemptToDispatch[]> {
  return connection<AttemptToDispatch[]>`
    with due as (
      select id, priority from delta.attempts
      where state = 'dispatched' and backend_ref is null and dispatch_at <= clock_timestamp()
      order by priority desc, id limit ${limit} for update skip locked),
    taken as (
      update delta.attempts a set dispatch_at = clock_timestamp() + ${againMs} * interval '1 millisecond'
      from due where a.id = due.id returning a.id, a.run_id, a.job_id, a.number, a.priority)
    select t.id, t.run_id as run, t.number, j.key as "jobKey", r.plan_digest as "planDigest",
      r.event->>'trust' as trust
    from taken t join delta.jobs j on j.id = t.job_id join delta.runs r on r.id = t.run_id
    order by t.priority desc, t.id`;
}

export interface AskedAttempt {
  readonly id: AttemptId;
  readonly run: RunId;
  readonly state: AttemptState;
  readonly tries: number;
  readonly pending: string | null;
}

/** The caller holds the locks of their runs. */
export async function readAskedAttempts(
  tx: Transaction,
  ids: readonly AttemptId[],
): Promise<ReadonlyMap<AttemptId, AskedAttempt>> {
  const rows = await tx<AskedAttempt[]>`
    select id, run_id as run, state, dispatch_tries as tries, pending from delta.attempts
    where id = any(${[...ids]}::uuid[])`;
  return new Map(rows.map((row) => [row.id, row]));
}

/** Keeps which backend has them; from now on those that wait for a claim wait until the deadline. */
export async function keepBackendRefs(
  tx: Transaction,
  refs: readonly { readonly id: AttemptId; readonly ref: string }[],
  claimDeadline: Date,
): Promise<void> {
  if (refs.length === 0) {
    return;
  }
  await tx`
    update delta.attempts a set backend_ref = taken.ref,
      pending = case when a.state = 'dispatched' then null else a.pending end,
      claim_deadline_at = case when a.state = 'dispatched' then ${claimDeadline} else a.claim_deadline_at end,
      wake_at = case when a.state = 'dispatched' then least(${claimDeadline}, a.queue_deadline_at) else a.wake_at end
    from jsonb_to_recordset(${tx.json(refs)}) as taken (id uuid, ref text)
    where a.id = taken.id`;
}
