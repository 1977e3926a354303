import type { AttemptId, RepositoryId } from "../../schemas/ids.ts";
import type { Connection, Database } from "./client.ts";
import { inTransaction } from "./in-transaction.ts";

/** Removes the bodies of deliveries older than that; gives back how many. */
export async function forgetDeliveryBodies(
  connection: Connection,
  olderThanMs: number,
  limit: number,
): Promise<number> {
  const rows = await connection`
    update delta.deliveries d set body = null
    from (select id from delta.deliveries
      where body is not null and received_at < clock_timestamp() - ${olderThanMs} * interval '1 millisecond'
      order by received_at limit ${limit} for update skip locked) as old
    where d.id = old.id returning 1`;
  return rows.length;
}

/** Attempts that ended that long ago, whose runner is seen to be gone, and that nobody has tidied up after. */
export async function readUntidied(
  connection: Connection,
  endedMs: number,
  limit: number,
): Promise<readonly AttemptId[]> {
  const rows = await connection<{ id: AttemptId }[]>`
    select id from delta.attempts
    where finalized_at < clock_timestamp() - ${endedMs} * interval '1 millisecond' and tidied_at is null
      and not stop_wanted
    order by finalized_at limit ${limit}`;
  return rows.map(({ id }) => id);
}

/** Keys of the blobs that hold acknowledged log bytes of these attempts. */
export async function readLogBlobKeys(
  connection: Connection,
  attempts: readonly AttemptId[],
): Promise<ReadonlySet<string>> {
  const rows = await connection<{ key: string }[]>`
    select blob_key as key from delta.log_chunks where attempt_id = any(${[...attempts]}::uuid[])`;
  return new Set(rows.map(({ key }) => key));
}

/** Removes the answers that were kept for repeats of their runners' messages, and notes that all is tidy. */
export async function settleTidied(database: Database, attempts: readonly AttemptId[]): Promise<void> {
  await inTransaction(database, async (tx) => {
    await tx`
      delete from delta.runner_messages where lease_id in (
        select id from delta.leases where attempt_id = any(${[...attempts]}::uuid[]))`;
    await tx`
      update delta.attempts set tidied_at = clock_timestamp() where id = any(${[...attempts]}::uuid[])`;
  });
}

/** Takes the repository whose kept commits were looked through longest ago, if that was before then. */
export async function takeRepositoryToLookThrough(
  connection: Connection,
  everyMs: number,
): Promise<RepositoryId | null> {
  const [row] = await connection<{ id: RepositoryId }[]>`
    update delta.repositories r set pins_checked_at = clock_timestamp()
    from (select id from delta.repositories
      where coalesce(pins_checked_at, created_at) < clock_timestamp() - ${everyMs} * interval '1 millisecond'
      order by pins_checked_at nulls first limit 1 for update skip locked) as oldest
    where r.id = oldest.id returning r.id`;
  return row?.id ?? null;
}

/**
 * Commits of a repository that something may still ask for: all that its live runs and those younger than
 * that name, and the head of the newest green run of each ref, which plans compare with.
 */
export async function readNeededCommits(
  connection: Connection,
  repository: RepositoryId,
  youngerThanMs: number,
): Promise<ReadonlySet<string>> {
  const rows = await connection<{ commit: string }[]>`
    select distinct named.commit from delta.runs r,
      unnest(array[r.head_sha, r.base_sha, r.event->>'before', r.event->'pull_request'->>'target_sha'])
        as named (commit)
    where r.repository_id = ${repository} and named.commit is not null and (r.finalized_at is null
      or r.created_at > clock_timestamp() - ${youngerThanMs} * interval '1 millisecond')
    union
    (select distinct on (event->>'ref') head_sha from delta.runs
    where repository_id = ${repository} and state = 'succeeded' and event->>'kind' = 'push'
    order by event->>'ref', number desc)`;
  return new Set(rows.map(({ commit }) => commit));
}

export interface ArtifactKey {
  readonly attempt: AttemptId;
  readonly name: string;
}

/** Artifacts whose time is over and whose run has ended, so that no job asks for them, longest overdue first. */
export async function readExpiredArtifacts(
  connection: Connection,
  limit: number,
): Promise<readonly ArtifactKey[]> {
  return connection<ArtifactKey[]>`
    select f.attempt_id as attempt, f.name
    from delta.artifacts f join delta.attempts a on a.id = f.attempt_id join delta.runs r on r.id = a.run_id
    where f.closed_at is not null and f.removed_at is null and f.expires_at <= clock_timestamp()
      and r.finalized_at is not null
    order by f.expires_at limit ${limit}`;
}

/** Artifacts of these attempts, which have ended, that were begun and never closed. */
export async function readUnfinishedArtifacts(
  connection: Connection,
  attempts: readonly AttemptId[],
): Promise<readonly ArtifactKey[]> {
  return connection<ArtifactKey[]>`
    select attempt_id as attempt, name from delta.artifacts
    where attempt_id = any(${[...attempts]}::uuid[]) and closed_at is null and removed_at is null and acked > 0`;
}

/** Forgets the chunks that begin before this offset, whose blobs are gone. */
export async function forgetArtifactChunks(
  connection: Connection,
  { attempt, name }: ArtifactKey,
  before: number,
): Promise<void> {
  await connection`
    delete from delta.artifact_chunks
    where attempt_id = ${attempt} and name = ${name} and start_offset < ${before}`;
}

/** Notes that nothing is left of an artifact's bytes. */
export async function noteArtifactRemoved(
  connection: Connection,
  { attempt, name }: ArtifactKey,
): Promise<void> {
  await connection`
    update delta.artifacts set removed_at = clock_timestamp()
    where attempt_id = ${attempt} and name = ${name} and removed_at is null`;
}

/** Keys of the blobs that hold acknowledged bytes of an attempt's artifacts. */
export async function readArtifactBlobKeys(
  connection: Connection,
  attempt: AttemptId,
): Promise<ReadonlySet<string>> {
  const rows = await connection<{ key: string }[]>`
    select blob_key as key from delta.artifact_chunks where attempt_id = ${attempt}`;
  return new Set(rows.map(({ key }) => key));
}
