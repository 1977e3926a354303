import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeReadOnlyDisk } from "./images/disk-image.ts";
import { buildRunnerFolder, type RunnerFolderSources } from "./runner-folder.ts";

/** The runner's disk as a client has it, beside the runner's files in the same folder. */
export const RUNNER_DISK_NAME = "delta-runner.img";

/** The files of the runner's folder as a disk for virtual machines; an older one is replaced by a rename. Needs mke2fs. */
export async function buildRunnerDisk(file: string, sources: RunnerFolderSources): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), "delta-runner-disk-"));
  try {
    await buildRunnerFolder(work, sources);
    await makeReadOnlyDisk(work, file);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
