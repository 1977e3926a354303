import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ARTIFACT_BYTES_MAX } from "../../schemas/limits.ts";
import type { ArtifactSpec } from "../../schemas/artifact-messages.ts";
import type { Failure } from "../outcome.ts";
import { Refused } from "../protocol/refused.ts";
import { StopSource } from "../stop-source.ts";
import { runArchiveProcess } from "./archive-process.ts";
import type { Handing } from "./handing.ts";
import { uploadArchive } from "./upload.ts";

/**
 * What a job that was stopped still gets for its artifacts: the control plane waits CANCEL_CONFIRM_MS for the
 * confirmation, and the log has 4 s of them.
 */
const AFTER_STOP_MS = 5_000;

/** Packs and stores what the job leaves behind. Gives back the first thing that went wrong. */
export async function keepArtifacts(handing: Handing, stepsFailed: boolean): Promise<Failure | null> {
  const { place, lost } = handing;
  const due = dueArtifacts(place.spec.artifacts, stepsFailed, place.stop);
  if (due.length === 0) return null;
  const limited = place.stop.gently.aborted ? stopAfter(AFTER_STOP_MS, lost) : null;
  const stop = limited?.stop ?? place.stop;
  let failure: Failure | null = null;
  let left = ARTIFACT_BYTES_MAX;
  try {
    for (const artifact of due) {
      const kept = await keepArtifact(handing, artifact, left, stop);
      if (stop.gently.aborted) {
        place.log.say(`artifact "${artifact.name}" was not stored whole before the stop`);
        break;
      }
      if (kept.failure !== null) place.log.say(kept.failure.summary);
      failure ??= kept.failure;
      left -= kept.size;
    }
  } finally {
    limited?.end();
  }
  return failure;
}

/** A job that was canceled neither succeeded nor failed. */
function dueArtifacts(
  artifacts: readonly ArtifactSpec[],
  stepsFailed: boolean,
  { cause }: StopSource,
): readonly ArtifactSpec[] {
  const failed = stepsFailed || (cause !== null && cause.kind !== "canceled");
  const outcome = failed ? "failure" : cause === null ? "success" : null;
  return artifacts.filter(({ when }) => when === "always" || when === outcome);
}

function stopAfter(ms: number, lost: AbortSignal): { readonly stop: StopSource; end(): void } {
  const stop = new StopSource();
  const lose = (): void => stop.stop({ kind: "lease_lost", why: String(lost.reason) });
  if (lost.aborted) lose();
  lost.addEventListener("abort", lose);
  const timer = setTimeout(() => stop.stop({ kind: "attempt_timeout" }), ms);
  return {
    stop,
    end() {
      clearTimeout(timer);
      lost.removeEventListener("abort", lose);
    },
  };
}

interface Kept {
  readonly size: number;
  readonly failure: Failure | null;
}

async function keepArtifact(
  { place, client, lost }: Handing,
  artifact: ArtifactSpec,
  bytesMax: number,
  stop: StopSource,
): Promise<Kept> {
  const { workspace, log } = place;
  const archive = join(workspace.folder, `artifact-${randomUUID()}.tar.gz`);
  const failed = (reason: Failure["reason"], why: string): Kept => ({
    size: 0,
    failure: { reason, exitCode: null, summary: `artifact "${artifact.name}": ${why}` },
  });
  try {
    const args = [
      "pack",
      "--root",
      workspace.source,
      "--archive",
      archive,
      "--bytes",
      String(bytesMax),
      "--",
    ];
    const answer = await runArchiveProcess(place, [...args, ...artifact.paths], stop);
    if (answer === null) return { size: 0, failure: null };
    if (answer.outcome === "refused") return failed("artifact_refused", answer.why);
    if (answer.outcome === "failed") return failed("artifact_failed", answer.why);
    const { files = 0, unpacked_bytes = 0, outward = [], outward_total = 0 } = answer;
    if (outward_total > 0) log.say(outwardWords(artifact.name, outward, outward_total));
    if (files === 0) {
      if (artifact.required)
        return failed("artifact_missing", `no file matches ${artifact.paths.join(", ")}`);
      log.say(`artifact "${artifact.name}": no file matches, so there is none`);
      return { size: 0, failure: null };
    }
    const signal = AbortSignal.any([lost, stop.gently]);
    const size = await uploadArchive(client, { name: artifact.name, archive, files, unpacked_bytes }, signal);
    log.say(`artifact "${artifact.name}": ${files} files, ${unpacked_bytes} bytes, ${size} packed`);
    return { size, failure: null };
  } catch (error) {
    lost.throwIfAborted();
    if (stop.gently.aborted) return { size: 0, failure: null };
    const tooLarge = error instanceof Refused && error.code === "too_large";
    return failed(tooLarge ? "artifact_refused" : "artifact_failed", (error as Error).message);
  } finally {
    await rm(archive, { force: true });
  }
}

function outwardWords(name: string, outward: readonly string[], total: number): string {
  const more = total > outward.length ? ` and ${total - outward.length} more` : "";
  return `artifact "${name}" leaves out links that lead out of the workspace: ${outward.join(", ")}${more}`;
}
