import type { BlobStore } from "../../schemas/blob-store.ts";
import type { AttemptId } from "../../schemas/ids.ts";
import { readArtifactChunks } from "../db/artifacts.ts";
import type { Database } from "../db/client.ts";
import {
  forgetArtifactChunks,
  noteArtifactRemoved,
  readArtifactBlobKeys,
  readExpiredArtifacts,
  readUnfinishedArtifacts,
  type ArtifactKey,
} from "../db/retention.ts";

interface Stores {
  readonly database: Database;
  readonly blobs: BlobStore;
}

/** Rows in one statement, and blobs removed before it. */
const CHUNKS_AT_ONCE = 500;

/** Gives up the bytes of artifacts whose time is over; gives back how many. What they were stays known. */
export async function removeExpired(stores: Stores, limit: number): Promise<number> {
  const expired = await readExpiredArtifacts(stores.database, limit);
  for (const artifact of expired) await removeBytes(stores, artifact);
  return expired.length;
}

/** Removes what attempts that have ended began and never finished, and chunks that were never acknowledged. */
export async function removeUnfinished(stores: Stores, attempts: readonly AttemptId[]): Promise<void> {
  const { database, blobs } = stores;
  for (const artifact of await readUnfinishedArtifacts(database, attempts))
    await removeBytes(stores, artifact);
  for (const attempt of attempts) {
    const keys = await blobs.list(`artifacts/${attempt}`);
    const kept = keys.length === 0 ? new Set<string>() : await readArtifactBlobKeys(database, attempt);
    for (const key of keys.filter((one) => !kept.has(one))) await blobs.delete(key);
  }
}

/** Bytes first, then the rows that name them: a crash on the way leaves nothing that nobody knows of. */
async function removeBytes({ database, blobs }: Stores, artifact: ArtifactKey): Promise<void> {
  for (;;) {
    const chunks = await readArtifactChunks(database, artifact.attempt, artifact.name, 0, CHUNKS_AT_ONCE);
    const last = chunks.at(-1);
    if (last === undefined) break;
    for (const { blobKey } of chunks) await blobs.delete(blobKey);
    await forgetArtifactChunks(database, artifact, last.start + last.length);
  }
  await noteArtifactRemoved(database, artifact);
}
