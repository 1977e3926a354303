import type { AttemptId, RepositoryId, RunId } from "../../schemas/ids.ts";
import type { Connection, Transaction } from "./client.ts";

/** Any number that nothing else here locks; admission is decided by one control plane at a time. */
const ADMISSION_LOCK = 0x61646d6974;
/** Looked at per repository in one pass; more would wait anyway. */
const CANDIDATES_PER_REPOSITORY_MAX = 200;

export interface QueuedAttempt {
  readonly attempt: AttemptId;
  readonly run: RunId;
  readonly repository: RepositoryId;
  readonly pool: string;
  readonly priority: number;
  readonly queuedAt: Date;
  readonly position: number;
  readonly jobKey: string;
  readonly planDigest: string;
  readonly pending: string | null;
}

/** False when another control plane is deciding right now. Held until the transaction ends. */
export async function tryAdmissionLock(tx: Transaction): Promise<boolean> {
  const [row] = await tx<{ held: boolean }[]>`select pg_try_advisory_xact_lock(${ADMISSION_LOCK}) as held`;
  return row?.held === true;
}

/** The attempts that wait for a dispatch, the most urgent of each repository. `isPartial`: more of one wait. */
export async function readQueuedAttempts(
  connection: Connection,
): Promise<{ readonly attempts: readonly QueuedAttempt[]; readonly isPartial: boolean }> {
  const rows = await connection<(QueuedAttempt & { readonly place: number })[]>`
    select attempt, run, repository, pool, priority, "queuedAt", position, "jobKey", "planDigest", pending,
      place::int from (
      select a.id as attempt, a.run_id as run, r.repository_id as repository, a.pool, a.priority,
        a.queued_at as "queuedAt", j.position, j.key as "jobKey", r.plan_digest as "planDigest", a.pending,
        row_number() over (partition by r.repository_id order by a.priority desc, a.queued_at, j.position) as place
      from delta.attempts a join delta.runs r on r.id = a.run_id join delta.jobs j on j.id = a.job_id
      where a.state = 'queued' and r.state in ('queued', 'running')) as ranked
    where place <= ${CANDIDATES_PER_REPOSITORY_MAX + 1}`;
  const attempts = rows.filter(({ place }) => place <= CANDIDATES_PER_REPOSITORY_MAX);
  return { attempts, isPartial: attempts.length < rows.length };
}

export interface UseRow {
  readonly pool: string;
  readonly run: RunId;
  readonly repository: RepositoryId;
  readonly attempts: number;
}

/** Attempts that hold capacity: asked for and not seen to have ended. */
export async function readUse(connection: Connection): Promise<readonly UseRow[]> {
  return connection<UseRow[]>`
    select a.pool, a.run_id as run, r.repository_id as repository, count(*)::int as attempts
    from delta.attempts a join delta.runs r on r.id = a.run_id
    where a.finalized_at is null and a.state not in ('created', 'queued')
    group by a.pool, a.run_id, r.repository_id`;
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
