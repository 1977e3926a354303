import { createWriteStream, type WriteStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** A log larger than this begins anew: nobody reads that far back on a laptop. */
const LOG_BYTES_MAX = 8 * 1024 * 1024;

/** The file that a control plane of this user writes its log to, open for appending. */
export async function openLogFile(stateFolder: string): Promise<{ path: string; stream: WriteStream }> {
  await mkdir(stateFolder, { recursive: true, mode: 0o700 });
  const path = join(stateFolder, "control-plane.log");
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LOG_BYTES_MAX) await rm(path, { force: true });
  const stream = createWriteStream(path, { flags: "a", mode: 0o600 });
  // A log that cannot be written is no reason to end a run.
  stream.on("error", () => {});
  return { path, stream };
}
