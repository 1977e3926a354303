import { spawnSync, type StdioOptions } from "node:child_process";
import { chownSync, closeSync, constants, openSync, unlinkSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { StepUser } from "../../schemas/runner-config.ts";

export interface OutputPipe {
  /** For spawn: both outputs of the child. */
  readonly stdio: StdioOptions;
  /** The reading end; null when the child brings its own pipes. */
  readonly source: Readable | null;
  /** Once the child has its copy, so that the end of the last writer is the end of the pipe. */
  closeWriter(): void;
}

/**
 * One kernel pipe for both outputs of a command, so that its lines arrive in the order in which they were
 * written and `/dev/stderr` can be opened again by name, which a socket from spawn cannot. It needs
 * `mkfifo`; an image without it gets two sockets, read in the order of arrival.
 */
export function openOutputPipe(
  folder: string,
  user: StepUser | null,
  mkfifo: string | undefined,
): OutputPipe {
  const path = join(folder, "output.fifo");
  const made = spawnSync(mkfifo ?? "mkfifo", ["-m", "600", path], { stdio: "ignore" });
  if (made.status !== 0) return { stdio: ["ignore", "pipe", "pipe"], source: null, closeWriter: () => {} };
  // Whoever opens it again by name must be allowed to.
  if (user !== null) chownSync(path, user.uid, user.gid);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  unlinkSync(path);
  return {
    stdio: ["ignore", writer, writer],
    source: new Socket({ fd: reader, readable: true, writable: false }),
    closeWriter: () => closeSync(writer),
  };
}
