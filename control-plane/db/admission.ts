import type { TrustClass } from "../../schemas/event.ts";
import type { AttemptId, RepositoryId, RunId } from "../../schemas/ids.ts";
import type { Connection, Transaction } from "./client.ts";

/** Any number that nothing else here locks; admission is decided by one control plane at a time. */
const ADMISSION_LOCK = 0x61646d6974;

/** What tells the concurrency group of an attempt from others. */
export interface GroupColumns {
  readonly repository: RepositoryId;
  readonly trust: TrustClass;
  readonly runNumber: number;
  readonly jobKey: string;
  readonly planDigest: string;
  /** Of the attempt. */
  readonly number: number;
}

export interface QueuedAttempt extends GroupColumns {
  readonly attempt: AttemptId;
  readonly run: RunId;
  readonly pool: string;
  readonly priority: number;
  readonly queuedAt: Date;
  readonly position: number;
}

/** False when another control plane is deciding right now. Held until the transaction ends. */
export async function tryAdmissionLock(tx: Transaction): Promise<boolean> {
  const [row] = await tx<{ held: boolean }[]>`select pg_try_advisory_xact_lock(${ADMISSION_LOCK}) as held`;
  return row?.held === true;
}

/**
 * The attempts that wait for a dispatch. They stand in lines of those that may wait for the same thing (pool, group,
 * matrix, limit of their run), so that one that cannot move does not hide the others; of each the first `perLine` are
 * read, and the newest of each group. `isPartial`: more wait.
 */
export async function readQueuedAttempts(
  connection: Connection,
  perLine: number,
): Promise<{ readonly attempts: readonly QueuedAttempt[]; readonly isPartial: boolean }> {
  const rows = await connection<(QueuedAttempt & { readonly isRead: boolean })[]>`
    with waiting as (
      select a.id, a.pool collate "C" as pool, a.concurrency_group collate "C" as named, a.cells_of collate "C" as cells, a.priority,
        a.queued_at, r.id as run, r.repository_id as repository, r.number, r.queues_apart, j.position
      from delta.attempts a join delta.runs r on r.id = a.run_id join delta.jobs j on j.id = a.job_id
      where a.state = 'queued' and r.state in ('queued', 'running')),
    first as (
      select * from (
        select id, row_number() over (
          partition by repository, pool, named, cells, case when queues_apart then run end
          order by priority desc, case when named is null then 0 else number end, queued_at, position) as place
        from waiting) as ranked
      where place <= ${perLine + 1}),
    newest as (
      select distinct on (repository, named) id from waiting where named is not null
      order by repository, named, number desc, queued_at desc, position desc),
    chosen as (
      select id, bool_or("isRead") as "isRead" from (
        select id, place <= ${perLine} as "isRead" from first union all select id, true from newest) as either_way
      group by id)
    select a.id as attempt, a.run_id as run, r.repository_id as repository, r.event->>'trust' as trust,
      r.number::int as "runNumber", a.pool, a.priority, a.queued_at as "queuedAt", j.position, j.key as "jobKey",
      r.plan_digest as "planDigest", a.number, c."isRead"
    from chosen c join delta.attempts a on a.id = c.id join delta.runs r on r.id = a.run_id
      join delta.jobs j on j.id = a.job_id`;
  const attempts = rows.filter(({ isRead }) => isRead);
  return { attempts, isPartial: attempts.length < rows.length };
}

export interface UseRow {
  readonly pool: string;
  readonly run: RunId;
  readonly repository: RepositoryId;
  readonly cellsOf: string | null;
  readonly attempts: number;
}

/** Attempts that hold capacity: asked for and not seen to have ended. */
export async function readUse(connection: Connection): Promise<readonly UseRow[]> {
  return connection<UseRow[]>`
    select a.pool, a.run_id as run, r.repository_id as repository, a.cells_of as "cellsOf", count(*)::int as attempts
    from delta.attempts a join delta.runs r on r.id = a.run_id
    where a.finalized_at is null and a.state not in ('created', 'queued')
    group by a.pool, a.run_id, r.repository_id, a.cells_of`;
}

/** Writes why each attempt waits, where that has changed; gives back the runs whose view has. */
export async function writePending(
  tx: Transaction,
  reasons: ReadonlyMap<AttemptId, string>,
): Promise<readonly RunId[]> {
  if (reasons.size === 0) {
    return [];
  }
  const rows = [...reasons].map(([id, pending]) => ({ id, pending }));
  const changed = await tx<{ run: RunId }[]>`
    update delta.attempts a set pending = row.pending
    from jsonb_to_recordset(${tx.json(rows)}) as row (id uuid, pending text)
    where a.id = row.id and a.state = 'queued' and a.pending is distinct from row.pending
    returning a.run_id as run`;
  return [...new Set(changed.map(({ run }) => run))];
}

/** Says why those wait that were not looked at, because so many come before them; gives back the runs as well. */
export async function writePendingOfOthers(
  tx: Transaction,
  lookedAt: readonly AttemptId[],
  perLine: number,
): Promise<readonly RunId[]> {
  const changed = await tx<{ run: RunId }[]>`
    update delta.attempts a set pending = other.pending
    from (select id, case when concurrency_group is null then 'waits for room in pool ' || pool
        else 'waits for concurrency group ' || concurrency_group end
        || ': more than ' || ${perLine}::int || ' come first' as pending
      from delta.attempts where state = 'queued' and id <> all(${[...lookedAt]}::uuid[])) as other
    where a.id = other.id and a.state = 'queued' and a.pending is distinct from other.pending
    returning a.run_id as run`;
  return [...new Set(changed.map(({ run }) => run))];
}
