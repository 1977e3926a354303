import { createHash } from "node:crypto";
import type { BlobStore } from "../../schemas/blob-store.ts";
import type { AttemptId } from "../../schemas/ids.ts";
import { LOG_BYTES_MAX } from "../../schemas/limits.ts";
import type { Database, Transaction } from "../db/client.ts";
import { inTransaction } from "../db/in-transaction.ts";
import {
  appendLogChunk,
  closeLogStream,
  findLogStream,
  lockLogStream,
  readLogChunks,
  sumLogBytes,
} from "../db/logs.ts";
import { authoriseLease } from "../lifecycle/index.ts";
import type { LogSignals } from "./log-signals.ts";

/** Chunks read from the database at once: at most 4 MiB of log. */
const CHUNKS_PER_READ = 16;

export interface LogDependencies {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly signals: LogSignals;
}

/** Who appends, and where. The token is good during the grace after the lease's end, too. */
export interface LogWriter {
  readonly leaseId: string;
  readonly token: string;
  readonly epoch: number;
  readonly stream: number;
}

export type LogRefusal =
  | { readonly refused: "stale_lease" }
  /** Bytes that were acknowledged before do not equal those sent again. */
  | { readonly refused: "log_conflict"; readonly acked: number }
  /** Bytes between `acked` and the offset are missing. */
  | { readonly refused: "log_gap"; readonly acked: number }
  | { readonly refused: "log_closed"; readonly acked: number }
  /** The size or the digest of a close does not fit what is stored. */
  | { readonly refused: "log_mismatch"; readonly acked: number }
  | { readonly refused: "too_large"; readonly acked: number };

export type LogAnswer = { readonly acked: number } | LogRefusal;

/**
 * Appends bytes at an offset. Acknowledged means durable: the bytes are a synced blob, and the row that
 * names it is committed. Sending the same bytes again is acknowledged again.
 */
export async function appendLog(
  dependencies: LogDependencies,
  writer: LogWriter,
  offset: number,
  bytes: Uint8Array,
): Promise<LogAnswer> {
  const { database, blobs, signals } = dependencies;
  const { stream } = writer;
  const grant = await authoriseLease(database, writer, { allowGrace: true });
  if (grant === null) {
    return { refused: "stale_lease" };
  }
  const { attemptId } = grant;
  const { acked, closed } = (await findLogStream(database, attemptId, stream)) ?? NOTHING;
  if (offset > acked) {
    return { refused: "log_gap", acked };
  }
  const known = Math.min(acked - offset, bytes.length);
  if (!(await holds(dependencies, attemptId, stream, offset, bytes.subarray(0, known)))) {
    return { refused: "log_conflict", acked };
  }
  const fresh = bytes.subarray(known);
  if (fresh.length === 0) {
    return { acked };
  }
  if (closed) {
    return { refused: "log_closed", acked };
  }
  if ((await sumLogBytes(database, attemptId)) + fresh.length > LOG_BYTES_MAX) {
    return { refused: "too_large", acked };
  }
  const sha256 = createHash("sha256").update(fresh).digest();
  const blobKey = `logs/${attemptId}/${stream}/${acked}-${sha256.toString("hex")}`;
  await blobs.put(blobKey, fresh);
  const answer = await changeFrom(dependencies, writer, { attemptId, acked }, async (tx) => {
    await appendLogChunk(tx, attemptId, stream, { start: acked, length: fresh.length, sha256, blobKey });
    return { acked: acked + fresh.length };
  });
  if (answer === "moved") {
    // Another request appended meanwhile; what this one carried is compared with it.
    return appendLog(dependencies, writer, offset, bytes);
  }
  signals.notify(attemptId);
  return answer;
}

/** Ends a stream whose size and digest must be those of all bytes stored. Closing it the same way again is fine. */
export async function closeLog(
  dependencies: LogDependencies,
  writer: LogWriter,
  end: { readonly size: number; readonly sha256: string; readonly truncated: boolean },
): Promise<LogAnswer> {
  const { database, signals } = dependencies;
  const { stream } = writer;
  const grant = await authoriseLease(database, writer, { allowGrace: true });
  if (grant === null) {
    return { refused: "stale_lease" };
  }
  const { attemptId } = grant;
  const before = (await findLogStream(database, attemptId, stream)) ?? NOTHING;
  const { acked } = before;
  if (before.closed) {
    return before.sha256 === end.sha256 && acked === end.size ? { acked } : { refused: "log_closed", acked };
  }
  if (acked !== end.size) {
    return { refused: "log_mismatch", acked };
  }
  const hash = createHash("sha256");
  for await (const bytes of readLog(dependencies, attemptId, stream, 0)) {
    hash.update(bytes);
  }
  if (hash.digest("hex") !== end.sha256) {
    return { refused: "log_mismatch", acked };
  }
  const answer = await changeFrom(dependencies, writer, { attemptId, acked }, async (tx) => {
    await closeLogStream(tx, attemptId, stream, end);
    return { acked };
  });
  if (answer === "moved") {
    return closeLog(dependencies, writer, end);
  }
  signals.notify(attemptId);
  return answer;
}

/** Changes an open stream, if the lease is good and the stream ends where it was seen to end; `moved` when it does not. */
async function changeFrom(
  { database }: LogDependencies,
  writer: LogWriter,
  seen: { readonly attemptId: AttemptId; readonly acked: number },
  change: (tx: Transaction) => Promise<LogAnswer>,
): Promise<LogAnswer | "moved"> {
  return inTransaction(database, async (tx) => {
    if ((await authoriseLease(tx, writer, { allowGrace: true })) === null) {
      return { refused: "stale_lease" };
    }
    const now = await lockLogStream(tx, seen.attemptId, writer.stream);
    return now.acked === seen.acked && !now.closed ? change(tx) : "moved";
  });
}

/** The acknowledged bytes of a stream from an offset on, as they are now. Throws BlobError when a blob rotted. */
export async function* readLog(
  { database, blobs }: Pick<LogDependencies, "database" | "blobs">,
  attempt: AttemptId,
  stream: number,
  offset: number,
): AsyncGenerator<Uint8Array> {
  let at = offset;
  for (;;) {
    const chunks = await readLogChunks(database, attempt, stream, at, CHUNKS_PER_READ);
    for (const { start, length, blobKey } of chunks) {
      const bytes = await blobs.get(blobKey);
      if (bytes === null || bytes.length !== length) {
        throw new Error(`log blob ${blobKey} is missing or cut`);
      }
      yield bytes.subarray(at - start);
      at = start + length;
    }
    if (chunks.length < CHUNKS_PER_READ) {
      return;
    }
  }
}

const NOTHING = { acked: 0, closed: false, truncated: false, sha256: null } as const;

/** True when the stored stream has exactly these bytes at the offset. */
async function holds(
  dependencies: LogDependencies,
  attempt: AttemptId,
  stream: number,
  offset: number,
  expected: Uint8Array,
): Promise<boolean> {
  let compared = 0;
  if (expected.length === 0) {
    return true;
  }
  for await (const bytes of readLog(dependencies, attempt, stream, offset)) {
    const part = expected.subarray(compared, compared + bytes.length);
    if (Buffer.compare(bytes.subarray(0, part.length), part) !== 0) {
      return false;
    }
    compared += part.length;
    if (compared === expected.length) {
      return true;
    }
  }
  return false;
}
