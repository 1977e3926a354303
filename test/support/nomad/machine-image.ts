import { createHash } from "node:crypto";
import { readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { machineImageIn } from "../../../nomad/images/build-machine-image.ts";
import { cpioArchive } from "../../../nomad/images/cpio.ts";
import { delta, ROOT } from "../../cli/support/delta.ts";
import { imageCache } from "./image-cache.ts";

/** All that decides what the command makes. */
const BUILDER = ["nomad/images", "cli/nomad-image.ts", "cli/commands/nomad/image.ts"];
/** Room for a small checkout and what its steps write. */
const DISK_MEGABYTES = "2048";

/** Debian from packages, as the command makes it when it is told nothing else. */
export const DEBIAN_ROOT: readonly string[] = [];

/**
 * Folder of a bootable image, made by `delta nomad image` as operators make theirs and kept by the hash of what
 * makes it. The arguments say what its root is.
 */
export async function testMachineImage(root: readonly string[]): Promise<string> {
  const folder = join(await imageCache(), `machine-${await hashOf(root)}`);
  const isThere = await stat(machineImageIn(folder).disk).catch(() => null);
  if (isThere !== null) return folder;
  const partial = `${folder}.${process.pid}.partial`;
  try {
    const command = ["nomad", "image", "--json", "--size-mb", DISK_MEGABYTES, "--out", partial, ...root];
    const made = await delta(command, { cwd: ROOT });
    if (made.code !== 0)
      throw new Error(`delta ${command.join(" ")} ended with ${made.code}: ${made.stderr}`);
    const { image } = JSON.parse(made.stdout) as { image: unknown };
    const told = JSON.stringify(image);
    if (told !== JSON.stringify(machineImageIn(partial))) throw new Error(`it says that it made ${told}`);
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
    return folder;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function hashOf(root: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(`${root.join(" ")} ${DISK_MEGABYTES}\n`);
  for (const place of BUILDER) {
    const path = join(ROOT, place);
    const names = (await stat(path)).isDirectory() ? (await readdir(path)).toSorted() : [""];
    for (const name of names) hash.update(await readFile(join(path, name)));
  }
  return hash.digest("hex").slice(0, 16);
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
