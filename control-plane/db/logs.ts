import type { AttemptId } from "../../schemas/ids.ts";
import type { Connection, Transaction } from "./client.ts";

export interface LogStreamRow {
  /** Bytes [0, acked) are durable. */
  readonly acked: number;
  readonly closed: boolean;
  readonly truncated: boolean;
  /** Of the whole stream, once closed. */
  readonly sha256: string | null;
}

export interface LogChunkRow {
  readonly start: number;
  readonly length: number;
  readonly blobKey: string;
}

/** The stream's row; null before its first byte. */
export async function findLogStream(
  connection: Connection,
  attempt: AttemptId,
  stream: number,
): Promise<LogStreamRow | null> {
  const [row] = await connection<LogStreamRow[]>`
    select acked, closed, truncated, sha256 from delta.log_streams
    where attempt_id = ${attempt} and stream = ${stream}`;
  return row ?? null;
}

/** The stream's row, made if need be and locked until the transaction ends. */
export async function lockLogStream(
  tx: Transaction,
  attempt: AttemptId,
  stream: number,
): Promise<LogStreamRow> {
  await tx`
    insert into delta.log_streams (attempt_id, stream) values (${attempt}, ${stream}) on conflict do nothing`;
  const [row] = await tx<[LogStreamRow]>`
    select acked, closed, truncated, sha256 from delta.log_streams
    where attempt_id = ${attempt} and stream = ${stream} for update`;
  return row;
}

/** Adds a chunk at the end of a locked stream. */
export async function appendLogChunk(
  tx: Transaction,
  attempt: AttemptId,
  stream: number,
  chunk: LogChunkRow & { readonly sha256: Uint8Array },
): Promise<void> {
  const { start, length, sha256, blobKey } = chunk;
  await tx`
    insert into delta.log_chunks (attempt_id, stream, start_offset, length, sha256, blob_key)
    values (${attempt}, ${stream}, ${start}, ${length}, ${sha256}, ${blobKey})`;
  await tx`
    update delta.log_streams set acked = ${start + length} where attempt_id = ${attempt} and stream = ${stream}`;
}

export async function closeLogStream(
  tx: Transaction,
  attempt: AttemptId,
  stream: number,
  end: { readonly sha256: string; readonly truncated: boolean },
): Promise<void> {
  await tx`
    update delta.log_streams set closed = true, sha256 = ${end.sha256}, truncated = ${end.truncated}
    where attempt_id = ${attempt} and stream = ${stream}`;
}

/** The chunks that hold bytes from `offset` on, in order, at most `limit` of them. */
export async function readLogChunks(
  connection: Connection,
  attempt: AttemptId,
  stream: number,
  offset: number,
  limit: number,
): Promise<readonly LogChunkRow[]> {
  return connection<LogChunkRow[]>`
    select start_offset as start, length, blob_key as "blobKey" from delta.log_chunks
    where attempt_id = ${attempt} and stream = ${stream} and start_offset >= coalesce((
      select max(start_offset) from delta.log_chunks
      where attempt_id = ${attempt} and stream = ${stream} and start_offset <= ${offset}), 0)
      and start_offset + length > ${offset}
    order by start_offset limit ${limit}`;
}

/** Bytes of all streams of an attempt. */
export async function sumLogBytes(connection: Connection, attempt: AttemptId): Promise<number> {
  const [row] = await connection<{ bytes: number }[]>`
    select coalesce(sum(acked), 0)::bigint as bytes from delta.log_streams where attempt_id = ${attempt}`;
  return row?.bytes ?? 0;
}

/** False once nothing can be appended any more: the attempt has ended and so has the grace of its last lease. */
export async function logsMayGrow(
  connection: Connection,
  attempt: AttemptId,
  graceMs: number,
): Promise<boolean> {
  const [row] = await connection<{ open: boolean }[]>`
    select a.finalized_at is null or a.finalized_at > clock_timestamp() - ${graceMs} * interval '1 millisecond' as open
    from delta.attempts a where a.id = ${attempt}`;
  return row?.open ?? false;
}

export async function attemptExists(connection: Connection, attempt: string): Promise<boolean> {
  const rows = await connection`select from delta.attempts where id = ${attempt}`;
  return rows.length === 1;
}
