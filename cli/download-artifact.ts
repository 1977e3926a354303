import { createHash, randomUUID } from "node:crypto";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ApiClient } from "./api-client.ts";
import type { LeftArtifact } from "./artifacts.ts";
import { CliFailure } from "./failure.ts";
import { fileFault } from "./file-fault.ts";

/**
 * Writes an artifact to a file, which appears under its name, in place of another, once it is whole and its size and
 * digest are those that the run tells. Nothing is unpacked.
 */
export async function downloadArtifact(
  client: ApiClient,
  artifact: LeftArtifact,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  try {
    const file = await open(temporary, "wx");
    try {
      await take(client, artifact, file, signal);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    throw faultOf(error, artifact, path, signal);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function take(
  client: ApiClient,
  { name, attempt_id, size, sha256 }: LeftArtifact,
  file: FileHandle,
  signal: AbortSignal,
): Promise<void> {
  const hash = createHash("sha256");
  let taken = 0;
  for await (const bytes of client.artifact(attempt_id, name, signal)) {
    taken += bytes.length;
    // No more than was told is written, whatever comes.
    if (taken > size) break;
    hash.update(bytes);
    await file.writeFile(bytes);
  }
  if (taken !== size || hash.digest("hex") !== sha256) {
    throw new CliFailure("download_damaged", `the artifact ${name} did not come as the run tells of it`);
  }
}

function faultOf(error: unknown, { name }: LeftArtifact, path: string, signal: AbortSignal): CliFailure {
  if (signal.aborted) return new CliFailure("interrupted", `the download of ${name} was stopped`);
  if (error instanceof CliFailure) return error;
  if ((error as NodeJS.ErrnoException).syscall !== undefined) {
    return new CliFailure("file_unwritable", `cannot write ${path}: ${fileFault(error)}`, null, error);
  }
  return new CliFailure("server_unreachable", `the download of ${name} was cut off`, null, error);
}
