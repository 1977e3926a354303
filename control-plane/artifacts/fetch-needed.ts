import type { BlobStore } from "../../schemas/blob-store.ts";
import type { AttemptId } from "../../schemas/ids.ts";
import { readArtifactChunks } from "../db/artifacts.ts";
import type { Database } from "../db/client.ts";
import { readLease } from "../db/leases.ts";
import { readPlan } from "../db/plans.ts";
import { hashToken } from "../lifecycle/tokens.ts";
import { leftByNeeded } from "../lifecycle/needed-artifacts.ts";
import { plannedJob } from "../scheduler/planned-job.ts";
import { readChunk } from "./read-artifact.ts";

export interface ArtifactReader {
  readonly leaseId: string;
  readonly token: string;
  readonly epoch: number;
}

export interface ArtifactPart {
  readonly attempt: string;
  readonly name: string;
  readonly offset: number;
}

/** Throws ArtifactDamaged when what is stored is not what was acknowledged. */
export type FetchAnswer =
  | { readonly bytes: Uint8Array }
  | { readonly refused: "stale_lease" | "not_needed" | "past_end" | "artifact_gone" };

/**
 * The next bytes of an artifact that the lease's own job needs, as many as are stored together; none at its end.
 * What another job needs, or another run has, is as if it did not exist.
 */
export async function fetchNeeded(
  { database, blobs }: { readonly database: Database; readonly blobs: BlobStore },
  reader: ArtifactReader,
  { attempt, name, offset }: ArtifactPart,
): Promise<FetchAnswer> {
  const { leaseId, epoch } = reader;
  const lease = await readLease(database, { leaseId, epoch, tokenHash: hashToken(reader.token) });
  if (lease === null || !lease.holds) {
    return { refused: "stale_lease" };
  }
  const job = plannedJob(await readPlan(database, lease.planDigest), lease.jobKey);
  const left = await leftByNeeded(database, lease.runId, job);
  const needed = left.find((one) => one.attempt_id === attempt && one.name === name);
  if (needed === undefined || needed.removed) {
    return { refused: needed === undefined ? "not_needed" : "artifact_gone" };
  }
  if (offset >= needed.size) {
    return offset === needed.size ? { bytes: new Uint8Array(0) } : { refused: "past_end" };
  }
  const [chunk] = await readArtifactChunks(database, attempt as AttemptId, name, offset, 1);
  return chunk === undefined
    ? { refused: "artifact_gone" }
    : { bytes: (await readChunk(blobs, chunk)).subarray(offset - chunk.start) };
}
