import type { AttemptId, RunId } from "../../schemas/ids.ts";
import type { AttemptState, RunState } from "../../schemas/states.ts";
import type { Connection, Transaction } from "./client.ts";

/** Rows taken in one sweep; the rest are due in the next. */
const DUE_ROWS_MAX = 500;
/** What was woken is looked at again after this, unless whoever wakes says otherwise. */
const RECHECK_MS = 5_000;

/**
 * Notes that a control plane lives. After a gap longer than `outageMs` every live lease and every
 * deadline that a runner has to meet gets one more TTL, because runners could not reach anybody. True when there was such a gap.
 */
export async function recordSweep(
  tx: Transaction,
  { outageMs, ttlMs }: { readonly outageMs: number; readonly ttlMs: number },
): Promise<boolean> {
  const [last] = await tx<{ outage: boolean }[]>`
    select swept_at < clock_timestamp() - outage_ms * interval '1 millisecond' as outage
    from delta.last_sweep for update`;
  if (last?.outage === true) {
    const graceUntil = tx`clock_timestamp() + ${ttlMs} * interval '1 millisecond'`;
    await tx`
      update delta.leases set expires_at = greatest(expires_at, ${graceUntil}) where state in ('granted', 'active')`;
    await tx`
      update delta.attempts set claim_deadline_at = greatest(claim_deadline_at, ${graceUntil}),
        deadline_at = greatest(deadline_at, ${graceUntil})
      where finalized_at is null and (claim_deadline_at is not null or deadline_at is not null)`;
  }
  await tx`update delta.last_sweep set swept_at = clock_timestamp(), outage_ms = ${outageMs}`;
  return last?.outage === true;
}

export interface DueAttempt {
  readonly id: AttemptId;
  readonly runId: RunId;
  readonly state: AttemptState;
  readonly ended: boolean;
  readonly stopWanted: boolean;
  /** No backend has said that it has it. */
  readonly unplaced: boolean;
}

/** Takes the attempts that are due and puts off their next look. Rows that others hold are theirs. */
export async function takeDueAttempts(connection: Connection): Promise<readonly DueAttempt[]> {
  return connection<DueAttempt[]>`
    update delta.attempts a set wake_at = clock_timestamp() + ${RECHECK_MS} * interval '1 millisecond'
    from (select id from delta.attempts where wake_at <= clock_timestamp()
      order by wake_at limit ${DUE_ROWS_MAX} for update skip locked) as due
    where a.id = due.id
    returning a.id, a.run_id as "runId", a.state, a.finalized_at is not null as ended,
      a.stop_wanted as "stopWanted", a.backend_ref is null as unplaced`;
}

/** The same for runs. */
export async function takeDueRuns(
  connection: Connection,
): Promise<readonly { readonly id: RunId; readonly state: RunState }[]> {
  return connection<{ id: RunId; state: RunState }[]>`
    update delta.runs r set wake_at = clock_timestamp() + ${RECHECK_MS} * interval '1 millisecond'
    from (select id from delta.runs where wake_at <= clock_timestamp()
      order by wake_at limit ${DUE_ROWS_MAX} for update skip locked) as due
    where r.id = due.id returning r.id, r.state`;
}

/** The same for runs whose forge was not told their last version. */
export async function takeDueReports(connection: Connection): Promise<readonly { readonly id: RunId }[]> {
  return connection<{ id: RunId }[]>`
    update delta.runs r set report_at = clock_timestamp() + ${3 * RECHECK_MS} * interval '1 millisecond'
    from (select id from delta.runs where report_at <= clock_timestamp()
      order by report_at limit ${DUE_ROWS_MAX} for update skip locked) as due
    where r.id = due.id returning r.id`;
}
