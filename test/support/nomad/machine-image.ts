import { createHash } from "node:crypto";
import { readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { buildMachineImage, machineImageIn } from "../../../nomad/images/build-machine-image.ts";
import { cpioArchive } from "../../../nomad/images/cpio.ts";
import { imageCache } from "./image-cache.ts";

const BUILDER = join(import.meta.dirname, "../../../nomad/images");
/** Room for a small checkout and what its steps write. */
const DISK_MEGABYTES = 2_048;

/** Folder of a bootable image of these files, made as operators make theirs and kept by the hash of what makes it. */
export async function testMachineImage(archive: string): Promise<string> {
  const hash = createHash("sha256").update(`${basename(archive)} ${DISK_MEGABYTES}\n`);
  for (const name of (await readdir(BUILDER)).toSorted()) hash.update(await readFile(join(BUILDER, name)));
  const folder = join(await imageCache(), `machine-${hash.digest("hex").slice(0, 16)}`);
  const isThere = await stat(machineImageIn(folder).disk).catch(() => null);
  if (isThere !== null) return folder;
  const partial = `${folder}.${process.pid}.partial`;
  try {
    await buildMachineImage(partial, { root: { kind: "files", path: archive }, megabytes: DISK_MEGABYTES });
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
    return folder;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** A first file system whose init says something and then does nothing: the later of two archives wins. */
export async function hangingInitrd(folder: string, words: string): Promise<Buffer> {
  const init = `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs devtmpfs /dev
echo "${words}" >/dev/console
exec /bin/busybox sleep 3600
`;
  const entry = { path: "init", kind: "file", mode: 0o755, content: Buffer.from(init) } as const;
  const first = await readFile(machineImageIn(folder).initrd);
  // The kernel looks for another archive at multiples of four bytes alone.
  const gap = Buffer.alloc((4 - (first.length % 4)) % 4);
  return Buffer.concat([first, gap, cpioArchive([entry])]);
}
