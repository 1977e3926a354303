import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { ArtifactCloseRequest } from "../../schemas/artifact-messages.ts";
import { ARTIFACT_CHUNK_BYTES_MAX } from "../../schemas/limits.ts";
import type { LeaseClient } from "../protocol/client.ts";
import { untilAnswered } from "../protocol/retry.ts";

export interface PackedArtifact extends Pick<ArtifactCloseRequest, "files" | "unpacked_bytes"> {
  readonly name: string;
  readonly archive: string;
}

/**
 * Stores a packed artifact, piece by piece, each repeated until it is durable. Gives back its size. Throws Refused, and the
 * signal's reason when it aborts.
 */
export async function uploadArchive(
  client: LeaseClient,
  { name, archive, files, unpacked_bytes }: PackedArtifact,
  signal: AbortSignal,
): Promise<number> {
  // The folder is the job's: what stands there in the archive's place must not be read by who may read more.
  const file = await open(archive, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile() || found.nlink !== 1) throw new Error("its archive was replaced by something else");
    const hash = createHash("sha256");
    let size = 0;
    for await (const bytes of file.createReadStream({
      highWaterMark: ARTIFACT_CHUNK_BYTES_MAX,
      autoClose: false,
    }) as AsyncIterable<Buffer>) {
      hash.update(bytes);
      const offset = size;
      await untilAnswered(signal, () => client.appendArtifact(name, offset, bytes, signal));
      size += bytes.length;
    }
    const sha256 = hash.digest("hex");
    await untilAnswered(signal, () => client.closeArtifact(name, { size, sha256, files, unpacked_bytes }));
    return size;
  } finally {
    await file.close();
  }
}
