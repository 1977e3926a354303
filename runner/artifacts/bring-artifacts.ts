import { createHash, randomUUID } from "node:crypto";
import { chown, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { NeededArtifact } from "../../schemas/artifact-messages.ts";
import type { Failure } from "../outcome.ts";
import { untilAnswered } from "../protocol/retry.ts";
import { runArchiveProcess } from "./archive-process.ts";
import type { Handing } from "./handing.ts";

/** Fetches and unpacks what the job needs of others, in their order. Gives back what went wrong; null also when stopped. */
export async function bringArtifacts(handing: Handing): Promise<Failure | null> {
  const { place, lost } = handing;
  for (const { job_key, name } of place.spec.absent_artifacts)
    place.log.say(`artifact "${name}" of ${job_key}: it left none`);
  for (const needed of place.spec.needed_artifacts) {
    const archive = join(place.workspace.folder, `needed-${randomUUID()}.tar.gz`);
    const failed = (reason: Failure["reason"], why: string): Failure => ({
      reason,
      exitCode: null,
      summary: `artifact "${needed.name}" of ${needed.job_key}: ${why}`,
    });
    try {
      await download(handing, needed, archive);
      const { root, files, bytes } = {
        root: place.workspace.source,
        files: String(needed.files),
        bytes: String(needed.unpacked_bytes),
      };
      const args = ["unpack", "--root", root, "--archive", archive, "--files", files, "--bytes", bytes];
      const answer = await runArchiveProcess(place, args, place.stop);
      if (answer === null) return null;
      if (answer.outcome === "refused") return failed("artifact_refused", answer.why);
      if (answer.outcome === "failed") return failed("artifact_failed", answer.why);
      place.log.say(
        `artifact "${needed.name}" of ${needed.job_key}: ${files} files, ${bytes} bytes, unpacked`,
      );
    } catch (error) {
      lost.throwIfAborted();
      if (place.stop.gently.aborted) return null;
      return failed("artifact_failed", (error as Error).message);
    } finally {
      await rm(archive, { force: true });
    }
  }
  return null;
}

/** Nothing of it is unpacked before all of it is seen to be what was stored. */
async function download(
  { place, client, lost }: Handing,
  { attempt_id, name, size, sha256 }: NeededArtifact,
  archive: string,
): Promise<void> {
  const signal = AbortSignal.any([lost, place.stop.gently]);
  const file = await open(archive, "wx", 0o600);
  try {
    const hash = createHash("sha256");
    let received = 0;
    while (received < size) {
      const offset = received;
      const bytes = await untilAnswered(signal, () => client.readArtifact(attempt_id, name, offset, signal));
      if (bytes.length === 0) break;
      hash.update(bytes);
      await file.writeFile(bytes);
      received += bytes.length;
    }
    if (received !== size || hash.digest("hex") !== sha256)
      throw new Error(`what was received, ${received} bytes, is not what was stored`);
  } finally {
    await file.close();
  }
  if (place.user !== null) await chown(archive, place.user.uid, place.user.gid);
}
