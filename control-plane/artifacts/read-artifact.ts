import type { BlobStore } from "../../schemas/blob-store.ts";
import type { AttemptId } from "../../schemas/ids.ts";
import { BlobError } from "../blobs/blob-error.ts";
import { readArtifactChunks, type ArtifactChunkRow } from "../db/artifacts.ts";
import type { Database } from "../db/client.ts";

/** Chunks whose rows are read at once; of their bytes one is in memory at a time. */
const CHUNKS_PER_READ = 64;

/** A chunk that was acknowledged is not there, or is not what it was. */
export class ArtifactDamaged extends Error {
  constructor(key: string) {
    super(`artifact blob ${key} is missing or damaged`);
    this.name = "ArtifactDamaged";
  }
}

/** All acknowledged bytes of an artifact in order. Throws ArtifactDamaged, and gives no other bytes. */
export async function* readArtifact(
  { database, blobs }: { readonly database: Database; readonly blobs: BlobStore },
  attempt: AttemptId,
  name: string,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (;;) {
    const chunks = await readArtifactChunks(database, attempt, name, at, CHUNKS_PER_READ);
    for (const chunk of chunks) {
      yield await readChunk(blobs, chunk);
      at = chunk.start + chunk.length;
    }
    if (chunks.length < CHUNKS_PER_READ) {
      return;
    }
  }
}

export async function readChunk(
  blobs: BlobStore,
  { blobKey, length }: ArtifactChunkRow,
): Promise<Uint8Array> {
  const bytes = await blobs.get(blobKey).catch((error: unknown) => {
    if (error instanceof BlobError) return null;
    throw error;
  });
  if (bytes?.length !== length) {
    throw new ArtifactDamaged(blobKey);
  }
  return bytes;
}
