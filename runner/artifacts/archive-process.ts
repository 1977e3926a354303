import type { AttemptPlace } from "../attempt-place.ts";
import { runCommand, type CommandOutput } from "../processes/command.ts";
import { ATTEMPT_MARKER } from "../processes/job-processes.ts";
import type { StopSource } from "../stop-source.ts";
import type { ArchiveAnswer } from "./archive-command.ts";

/** Packing writes one file anew and unpacking is never gone on with, so neither has anything to put in order. */
const GRACE_MS = 200;
/** An answer names at most a few paths. */
const ANSWER_BYTES_MAX = 1024 * 1024;

/** Starts the runner anew for `pack` or `unpack`, as the user of the steps; null when it was stopped. */
export async function runArchiveProcess(
  { ownCommand, workspace, job, user, group }: AttemptPlace,
  args: readonly string[],
  stop: StopSource,
): Promise<ArchiveAnswer | null> {
  const output = new Answer();
  const result = await runCommand({
    argv: [...ownCommand, ...args],
    cwd: workspace.source,
    env: { LC_ALL: "C.UTF-8", [ATTEMPT_MARKER]: job.attemptId },
    job,
    user,
    group,
    output,
    pipeFolder: workspace.folder,
    timeoutMs: null,
    stopSignal: "SIGTERM",
    stop,
    graceMs: () => GRACE_MS,
  });
  if (result.endedBy === "stop") return null;
  return output.read() ?? { outcome: "failed", why: howItEnded(result) };
}

function howItEnded({ spawnError, signal, exitCode }: Awaited<ReturnType<typeof runCommand>>): string {
  if (spawnError !== null) return `the runner could not start itself: ${spawnError.message}`;
  return `the process for it ended with ${signal ?? `exit code ${exitCode}`}`;
}

/** The last line of what the process wrote; warnings of Node may come before. */
class Answer implements CommandOutput {
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  write(bytes: Uint8Array): boolean {
    this.#size += bytes.length;
    if (this.#size <= ANSWER_BYTES_MAX) this.#parts.push(bytes);
    return true;
  }

  async room(): Promise<void> {}

  read(): ArchiveAnswer | null {
    const last = Buffer.concat(this.#parts).toString("utf8").trimEnd().split("\n").at(-1) ?? "";
    try {
      return JSON.parse(last) as ArchiveAnswer;
    } catch {
      return null;
    }
  }
}
