import type { AttemptId, RunId } from "../../schemas/ids.ts";
import type { PlanArtifact } from "../../schemas/plan-job-parts.ts";
import type { Connection, Transaction } from "./client.ts";

export interface ArtifactRow {
  /** Place in the job's list, which never changes; blobs are named by it. */
  readonly position: number;
  /** Bytes [0, acked) are durable. */
  readonly acked: number;
  readonly closed: boolean;
  /** Of all bytes, once closed. */
  readonly sha256: string | null;
}

export interface ArtifactChunkRow {
  readonly start: number;
  readonly length: number;
  readonly sha256: Uint8Array;
  readonly blobKey: string;
}

/** What a job may leave behind. Done again it changes nothing. */
export async function declareArtifacts(
  tx: Transaction,
  attempt: AttemptId,
  artifacts: readonly PlanArtifact[],
): Promise<void> {
  if (artifacts.length === 0) return;
  const rows = artifacts.map(({ name, type, expire_ms }, position) => ({
    attempt_id: attempt,
    name,
    position,
    type,
    expire_ms,
  }));
  await tx`insert into delta.artifacts ${tx(rows)} on conflict do nothing`;
}

/** Null when the job declares no artifact of this name. */
export async function findArtifact(
  connection: Connection,
  attempt: AttemptId,
  name: string,
): Promise<ArtifactRow | null> {
  const [row] = await connection<ArtifactRow[]>`
    select position, acked, closed_at is not null as closed, sha256 from delta.artifacts
    where attempt_id = ${attempt} and name = ${name}`;
  return row ?? null;
}

/** An artifact as people get it. */
export interface WholeArtifact {
  readonly jobKey: string;
  readonly size: number;
  /** Its bytes were given up, or are about to be. */
  readonly gone: boolean;
}

/** Null when the attempt left no such artifact whole. */
export async function findWholeArtifact(
  connection: Connection,
  attempt: AttemptId,
  name: string,
): Promise<WholeArtifact | null> {
  const [row] = await connection<WholeArtifact[]>`
    select j.key as "jobKey", f.acked as size,
      f.removed_at is not null or (f.expires_at <= clock_timestamp() and r.finalized_at is not null) as gone
    from delta.artifacts f join delta.attempts a on a.id = f.attempt_id
      join delta.jobs j on j.id = a.job_id join delta.runs r on r.id = a.run_id
    where f.attempt_id = ${attempt} and f.name = ${name} and f.closed_at is not null`;
  return row ?? null;
}

/** The chunk that begins there. */
export async function findArtifactChunk(
  connection: Connection,
  attempt: AttemptId,
  name: string,
  start: number,
): Promise<ArtifactChunkRow | null> {
  const [row] = await connection<ArtifactChunkRow[]>`
    select start_offset as start, length, sha256, blob_key as "blobKey" from delta.artifact_chunks
    where attempt_id = ${attempt} and name = ${name} and start_offset = ${start}`;
  return row ?? null;
}

/** The chunks that hold bytes from `offset` on, in order, at most `limit` of them. */
export async function readArtifactChunks(
  connection: Connection,
  attempt: AttemptId,
  name: string,
  offset: number,
  limit: number,
): Promise<readonly ArtifactChunkRow[]> {
  return connection<ArtifactChunkRow[]>`
    select start_offset as start, length, sha256, blob_key as "blobKey" from delta.artifact_chunks
    where attempt_id = ${attempt} and name = ${name} and start_offset >= coalesce((
      select max(start_offset) from delta.artifact_chunks
      where attempt_id = ${attempt} and name = ${name} and start_offset <= ${offset}), 0)
      and start_offset + length > ${offset}
    order by start_offset limit ${limit}`;
}

/** Adds a chunk at the end of an open artifact. The caller holds the lock of the lease. */
export async function appendArtifactChunk(
  tx: Transaction,
  attempt: AttemptId,
  name: string,
  chunk: ArtifactChunkRow,
): Promise<void> {
  const { start, length, sha256, blobKey } = chunk;
  await tx`
    insert into delta.artifact_chunks (attempt_id, name, start_offset, length, sha256, blob_key)
    values (${attempt}, ${name}, ${start}, ${length}, ${sha256}, ${blobKey})`;
  await tx`
    update delta.artifacts set acked = ${start + length} where attempt_id = ${attempt} and name = ${name}`;
}

/** Ends an artifact, which is kept for as long as its job asked, or else for the time given. */
export async function closeArtifactRow(
  tx: Transaction,
  attempt: AttemptId,
  name: string,
  end: { readonly sha256: string; readonly files: number; readonly unpacked_bytes: number },
  keptMs: number,
): Promise<void> {
  await tx`
    update delta.artifacts set sha256 = ${end.sha256}, files = ${end.files},
      unpacked_bytes = ${end.unpacked_bytes}, closed_at = clock_timestamp(),
      expires_at = clock_timestamp() + coalesce(expire_ms, ${keptMs}) * interval '1 millisecond'
    where attempt_id = ${attempt} and name = ${name} and closed_at is null`;
}

/** Bytes of all artifacts of an attempt. */
export async function sumArtifactBytes(connection: Connection, attempt: AttemptId): Promise<number> {
  const [row] = await connection<{ bytes: number }[]>`
    select coalesce(sum(acked), 0)::bigint as bytes from delta.artifacts where attempt_id = ${attempt}`;
  return row?.bytes ?? 0;
}

/** What the last attempt of a job left behind. */
export interface LeftArtifact {
  /** Its bytes are there no more. */
  readonly removed: boolean;
  readonly job_key: string;
  readonly attempt_id: AttemptId;
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  readonly files: number;
  readonly unpacked_bytes: number;
}

/** Whole artifacts of the jobs of a run with these keys. What a job that has ended left never changes. */
export async function readLeftArtifacts(
  connection: Connection,
  run: RunId,
  keys: readonly string[],
): Promise<readonly LeftArtifact[]> {
  return connection<LeftArtifact[]>`
    select j.key as job_key, f.attempt_id, f.name, f.acked as size, f.sha256, f.files, f.unpacked_bytes,
      f.removed_at is not null as removed
    from delta.jobs j
      join delta.attempts a on a.job_id = j.id
        and a.number = (select max(number) from delta.attempts where job_id = j.id)
      join delta.artifacts f on f.attempt_id = a.id
    where j.run_id = ${run} and j.key = any(${[...keys]}) and f.closed_at is not null`;
}
