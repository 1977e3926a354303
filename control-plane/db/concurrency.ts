import type { TrustClass } from "../../schemas/event.ts";
import type { AttemptId, RepositoryId, RunId } from "../../schemas/ids.ts";
import type { AttemptState } from "../../schemas/states.ts";
import type { GroupColumns } from "./admission.ts";
import type { Connection, Transaction } from "./client.ts";

/** An attempt that has a place in the concurrency group of its job. */
export interface HoldingAttempt extends GroupColumns {
  readonly attempt: AttemptId;
  readonly state: AttemptState;
}

/** Places are held from the dispatch to the end, so these are few. The oldest run first. */
export async function readHoldingAttempts(connection: Connection): Promise<readonly HoldingAttempt[]> {
  return connection<HoldingAttempt[]>`
    select a.id as attempt, a.state, a.number, r.repository_id as repository, r.event->>'trust' as trust,
      r.number::int as "runNumber", j.key as "jobKey", r.plan_digest as "planDigest"
    from delta.attempts a join delta.runs r on r.id = a.run_id join delta.jobs j on j.id = a.job_id
    where a.concurrency_group is not null and a.finalized_at is null and a.state not in ('created', 'queued')
    order by r.number, j.position`;
}

/** A live run that other runs may have to wait for, or to make way for. */
export interface SharingRun {
  readonly run: RunId;
  readonly repository: RepositoryId;
  readonly trust: TrustClass;
  readonly number: number;
  readonly planDigest: string;
  readonly hasGroup: boolean;
  readonly holds: boolean;
  readonly isEnding: boolean;
  /** Number of the newest run of its ref, if it makes way for that. */
  readonly yieldsTo: number | null;
}

/**
 * A run makes way for a newer one of its ref as soon as that one has a plan. A repeated run, and one of
 * named jobs alone, are no newer state of the ref.
 */
export async function readSharingRuns(connection: Connection): Promise<readonly SharingRun[]> {
  return connection<SharingRun[]>`
    select r.id as run, r.repository_id as repository, r.event->>'trust' as trust, r.number::int as number,
      r.plan_digest as "planDigest", r.concurrency_group is not null as "hasGroup",
      r.concurrency_held_at is not null as holds, r.state = 'cancel_requested' as "isEnding",
      case when r.yields and r.state <> 'cancel_requested' then (
        select max(newer.number)::int from delta.runs newer
        where newer.repository_id = r.repository_id and newer.number > r.number and newer.rerun_of is null
          and newer.event->>'ref' = r.event->>'ref' and newer.event->>'trust' = r.event->>'trust'
          and newer.plan_digest is not null
          and coalesce(jsonb_array_length(newer.request->'jobs'), 0) = 0) end as "yieldsTo"
    from delta.runs r
    where r.finalized_at is null and (r.concurrency_group is not null or r.yields)
    order by r.number`;
}

/** From now on these runs have their places in their groups, until they end. The caller holds their locks. */
export async function holdRunPlaces(tx: Transaction, runs: readonly RunId[]): Promise<void> {
  if (runs.length === 0) return;
  await tx`
    update delta.runs set concurrency_held_at = clock_timestamp()
    where id = any(${[...runs]}::uuid[]) and concurrency_group is not null and concurrency_held_at is null`;
}

/** The runs of these attempts. */
export async function readRunsOf(
  connection: Connection,
  attempts: readonly AttemptId[],
): Promise<readonly RunId[]> {
  if (attempts.length === 0) return [];
  const rows = await connection<{ run: RunId }[]>`
    select distinct run_id as run from delta.attempts where id = any(${[...attempts]}::uuid[])`;
  return rows.map(({ run }) => run);
}

/** An attempt that is to make way and has not ended. */
export interface AttemptMakingWay {
  readonly id: AttemptId;
  readonly run: RunId;
  readonly state: AttemptState;
  readonly number: number;
  readonly jobKey: string;
  readonly planDigest: string;
}

/** Those of the attempts that live and were not told to stop. The caller holds the locks of their runs. */
export async function readMakingWay(
  tx: Transaction,
  attempts: readonly AttemptId[],
): Promise<readonly AttemptMakingWay[]> {
  return tx<AttemptMakingWay[]>`
    select a.id, a.run_id as run, a.state, a.number, j.key as "jobKey", r.plan_digest as "planDigest"
    from delta.attempts a join delta.jobs j on j.id = a.job_id join delta.runs r on r.id = a.run_id
    where a.id = any(${[...attempts]}::uuid[]) and a.finalized_at is null and a.state <> 'cancel_requested'
    order by a.id`;
}
