import { rename, rm } from "node:fs/promises";
import { runTool } from "./run-tool.ts";

/** A machine that is thrown away needs no journal, and no space kept back for root. */
const ROOT_FEATURES = ["-O", "^has_journal", "-m", "0"] as const;
/** Beside the files: tables of the file system, and folders that grow while it is made. */
const SPARE_FACTOR = 1.2;
const SPARE_MEGABYTES = 16;

/** A raw disk that holds one folder, just large enough, for read-only use. Nothing is mounted. */
export async function makeReadOnlyDisk(folder: string, file: string): Promise<void> {
  const used = await runTool("du", ["--summarize", "--block-size=1M", "--", folder]);
  const megabytes = Math.ceil(Number.parseInt(used.toString("utf8"), 10) * SPARE_FACTOR) + SPARE_MEGABYTES;
  await replaced(file, (partial) => makeFileSystem(folder, partial, megabytes));
}

/** A growing disk (qcow2) of the given size that begins with the files of one folder. Nothing is mounted. */
export async function makeRootDisk(folder: string, file: string, megabytes: number): Promise<void> {
  await replaced(file, async (partial) => {
    const raw = `${partial}.raw`;
    try {
      await makeFileSystem(folder, raw, megabytes);
      await runTool("qemu-img", ["convert", "-f", "raw", "-O", "qcow2", raw, partial]);
    } finally {
      await rm(raw, { force: true });
    }
  });
}

async function makeFileSystem(folder: string, file: string, megabytes: number): Promise<void> {
  const kind = ["-q", "-t", "ext4", ...ROOT_FEATURES];
  await runTool("mke2fs", [...kind, "-d", folder, file, `${megabytes}M`]);
}

/** Who starts meanwhile finds the old file or the new one; who has the old one open keeps it. */
async function replaced(file: string, make: (partial: string) => Promise<void>): Promise<void> {
  const partial = `${file}.${process.pid}.partial`;
  try {
    await make(partial);
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
}
