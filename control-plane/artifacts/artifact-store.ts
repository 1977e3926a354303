import { createHash } from "node:crypto";
import type { BlobStore } from "../../schemas/blob-store.ts";
import type { AttemptId } from "../../schemas/ids.ts";
import { ARTIFACT_BYTES_MAX } from "../../schemas/limits.ts";
import {
  appendArtifactChunk,
  closeArtifactRow,
  findArtifact,
  findArtifactChunk,
  sumArtifactBytes,
} from "../db/artifacts.ts";
import type { Connection, Database, Transaction } from "../db/client.ts";
import { inTransaction } from "../db/in-transaction.ts";
import { lockLease } from "../db/leases.ts";
import { authoriseLease, type LeaseGrant } from "../lifecycle/index.ts";
import { readArtifact } from "./read-artifact.ts";
import type { RunningDigests } from "./running-digests.ts";

export interface ArtifactDependencies {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly digests: RunningDigests;
  /** How long an artifact is kept whose job does not say. */
  readonly keptMs: number;
}

/** Who writes, and what. Only a live lease may: what comes after its end is of no use to anybody. */
export interface ArtifactWriter {
  readonly leaseId: string;
  readonly token: string;
  readonly epoch: number;
  readonly name: string;
}

export type ArtifactRefusal =
  | { readonly refused: "stale_lease" }
  /** The job declares no artifact of this name. */
  | { readonly refused: "undeclared" }
  | {
      /**
       * conflict: other bytes were acknowledged there. gap: bytes between `acked` and the offset are missing.
       * mismatch: the size or the digest of a close does not fit what is stored.
       */
      readonly refused:
        | "artifact_conflict"
        | "artifact_gap"
        | "artifact_closed"
        | "artifact_mismatch"
        | "too_large";
      readonly acked: number;
    };

export type ArtifactAnswer = { readonly acked: number } | ArtifactRefusal;

export interface ArtifactEnd {
  readonly size: number;
  readonly sha256: string;
  readonly files: number;
  readonly unpacked_bytes: number;
}

interface Chunk {
  readonly start: number;
  readonly length: number;
  readonly sha256: Buffer;
}

/**
 * Stores a chunk at an offset. Acknowledged means durable: the bytes are a synced blob, and the row that names
 * it is committed. The same chunk again is acknowledged again.
 */
export async function appendArtifact(
  { database, blobs }: ArtifactDependencies,
  writer: ArtifactWriter,
  start: number,
  bytes: Uint8Array,
): Promise<ArtifactAnswer> {
  const grant = await authoriseLease(database, writer, { allowGrace: false });
  if (grant === null) {
    return { refused: "stale_lease" };
  }
  const { attemptId } = grant;
  const chunk = { start, length: bytes.length, sha256: createHash("sha256").update(bytes).digest() };
  const before = await look(database, attemptId, writer.name, chunk);
  if (!("storeAt" in before)) {
    return before;
  }
  const blobKey = `artifacts/${attemptId}/${before.storeAt}/${start}-${chunk.sha256.toString("hex")}`;
  await blobs.put(blobKey, bytes);
  return underLease(database, writer, grant, async (tx) => {
    const now = await look(tx, attemptId, writer.name, chunk);
    if (!("storeAt" in now)) {
      return now;
    }
    await appendArtifactChunk(tx, attemptId, writer.name, { ...chunk, blobKey });
    return { acked: start + chunk.length };
  });
}

/** What is to be done with a chunk: store it under that position, or answer. */
async function look(
  connection: Connection,
  attempt: AttemptId,
  name: string,
  { start, length, sha256 }: Chunk,
): Promise<{ readonly storeAt: number } | ArtifactAnswer> {
  const artifact = await findArtifact(connection, attempt, name);
  if (artifact === null) {
    return { refused: "undeclared" };
  }
  const { acked, closed, position } = artifact;
  const known = start < acked ? await findArtifactChunk(connection, attempt, name, start) : null;
  if (known !== null && known.length === length && sha256.equals(known.sha256)) {
    return { acked };
  }
  if (closed) {
    return { refused: "artifact_closed", acked };
  }
  if (start !== acked) {
    return { refused: start < acked ? "artifact_conflict" : "artifact_gap", acked };
  }
  const total = await sumArtifactBytes(connection, attempt);
  return total + length > ARTIFACT_BYTES_MAX ? { refused: "too_large", acked } : { storeAt: position };
}

/**
 * Ends an artifact whose size and digest must be those of all bytes stored; from then on it can be read.
 * Closing it the same way again is fine. Nothing is no artifact: even an empty archive has bytes.
 */
export async function closeArtifact(
  dependencies: ArtifactDependencies,
  writer: ArtifactWriter,
  end: ArtifactEnd,
): Promise<ArtifactAnswer> {
  const { database, digests, keptMs } = dependencies;
  const { name } = writer;
  const grant = await authoriseLease(database, writer, { allowGrace: false });
  if (grant === null) {
    return { refused: "stale_lease" };
  }
  const { attemptId } = grant;
  const before = await lookAtEnd(database, attemptId, name, end);
  if (before !== "open") {
    return before;
  }
  const digest = await digests.share(`${attemptId}/${name}/${end.size}`, async () => {
    const hash = createHash("sha256");
    for await (const bytes of readArtifact(dependencies, attemptId, name)) hash.update(bytes);
    return hash.digest("hex");
  });
  if (digest !== end.sha256) {
    return { refused: "artifact_mismatch", acked: end.size };
  }
  return underLease(database, writer, grant, async (tx) => {
    const now = await lookAtEnd(tx, attemptId, name, end);
    if (now !== "open") {
      return now;
    }
    await closeArtifactRow(tx, attemptId, name, end, keptMs);
    return { acked: end.size };
  });
}

async function lookAtEnd(
  connection: Connection,
  attempt: AttemptId,
  name: string,
  { size, sha256 }: ArtifactEnd,
): Promise<"open" | ArtifactAnswer> {
  const artifact = await findArtifact(connection, attempt, name);
  if (artifact === null) {
    return { refused: "undeclared" };
  }
  const { acked, closed } = artifact;
  if (closed) {
    return acked === size && artifact.sha256 === sha256 ? { acked } : { refused: "artifact_closed", acked };
  }
  return size === 0 || acked !== size ? { refused: "artifact_mismatch", acked } : "open";
}

/** Changes an attempt's artifacts while nobody else does, if its lease still holds then. */
async function underLease(
  database: Database,
  writer: ArtifactWriter,
  { leaseId }: LeaseGrant,
  change: (tx: Transaction) => Promise<ArtifactAnswer>,
): Promise<ArtifactAnswer> {
  return inTransaction(database, async (tx) => {
    await lockLease(tx, leaseId);
    const holds = (await authoriseLease(tx, writer, { allowGrace: false })) !== null;
    return holds ? change(tx) : { refused: "stale_lease" };
  });
}
