import { complaintWords, consoleWords } from "./console-words.ts";
import type { JobApi } from "./job-api.ts";
import { NomadError } from "./nomad-error.ts";

/** More than the lines that are shown of it. */
const LOG_BYTES = 4_000;

/**
 * The end of what the runner's task wrote: for a machine its serial console, and what QEMU complained of.
 * null when it wrote nothing or Nomad cannot give it. Without the right to read logs it says so.
 */
export async function readLastWords(jobs: JobApi, jobName: string): Promise<string | null> {
  try {
    const allocations = await jobs.allocations(jobName);
    const [newest] = allocations.toSorted((a, b) => b.CreateIndex - a.CreateIndex);
    if (newest === undefined) return null;
    const read = async (kind: "stdout" | "stderr"): Promise<string> =>
      await jobs.logEnd(newest.ID, kind, LOG_BYTES).catch(orNothing);
    const [output, complaint] = [consoleWords(await read("stdout")), complaintWords(await read("stderr"))];
    const words = [output, complaint].filter((one) => one !== null).join(" | ");
    return words === "" ? null : `it last wrote: ${words}`;
  } catch (error) {
    if (!(error instanceof NomadError)) throw error;
    return error.failure === "denied"
      ? "what it wrote is in its log on that node; the control plane's token has no right to read logs"
      : null;
  }
}

/** A task that never started has no log, which Nomad answers in several ways. */
function orNothing(error: unknown): string {
  if (error instanceof NomadError && error.failure !== "denied") return "";
  throw error;
}
