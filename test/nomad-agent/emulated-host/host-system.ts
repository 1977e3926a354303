import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type ArchiveEntry, cpioArchive } from "../../../nomad/images/cpio.ts";
import { makeRootDisk } from "../../../nomad/images/disk-image.ts";
import { readModules } from "../../../nomad/images/kernel-modules.ts";
import { runTool } from "../../../nomad/images/run-tool.ts";
import { imageCache } from "../../support/nomad/image-cache.ts";
import { QEMU_PART } from "../machine-parts.ts";

const SUITE = "bookworm";
/** Debian's kernel for hardware, as the one for clouds has no kvm, and what the tests start. */
const PACKAGES = [...QEMU_PART.packages, "linux-image-amd64", "git", "ca-certificates", "iproute2", "procps"];
const MODULES = [
  // ext4 asks for it by name when it mounts.
  "crc32c_generic",
  "ext4",
  "virtio_pci",
  "virtio_blk",
  "virtio_rng",
  "kvm_amd",
] as const;
const BUSYBOX = "busybox-static";
/** Room for what Debian is, and for what tests write below /tmp. */
const DISK_MEGABYTES = 6_144;

/** Files that the emulated host boots from. */
export interface HostSystem {
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
}

/** A Debian with kvm, QEMU and git, made from packages and kept by the hash of what makes it. */
export async function hostSystem(): Promise<HostSystem> {
  const folder = join(await imageCache(), `emulated-host-${await hashOfParts()}`);
  const system = systemIn(folder);
  if ((await stat(system.disk).catch(() => null)) !== null) return system;
  const work = await mkdtemp(join(tmpdir(), "delta-emulated-"));
  const partial = `${folder}.${process.pid}.partial`;
  try {
    await mkdir(partial);
    await make(work, systemIn(partial));
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
    return system;
  } finally {
    await rm(partial, { recursive: true, force: true });
    await rm(work, { recursive: true, force: true });
  }
}

const systemIn = (folder: string): HostSystem => ({
  disk: join(folder, "disk.qcow2"),
  kernel: join(folder, "vmlinuz"),
  initrd: join(folder, "initrd.img"),
});

async function hashOfParts(): Promise<string> {
  const hash = createHash("sha256").update(PACKAGES.join(" "));
  for (const name of ["host-system.ts", "init.sh"])
    hash.update(await readFile(join(import.meta.dirname, name)));
  return hash.digest("hex").slice(0, 16);
}

async function make(work: string, system: HostSystem): Promise<void> {
  const root = join(work, "root");
  const include = `--include=${[...PACKAGES, BUSYBOX].join(",")}`;
  await runTool("debootstrap", ["--variant=minbase", include, SUITE, root]);
  const [version = ""] = await readdir(join(root, "lib/modules"));
  await writeFile(system.kernel, await readFile(join(root, "boot", `vmlinuz-${version}`)));
  await writeFile(system.initrd, await firstFileSystem(root, version));
  // Nothing can be installed where there is no network; without apt no test tries.
  const unneeded = ["usr/bin/apt-get", "boot", "var/cache/apt/archives", "var/lib/apt/lists"];
  for (const place of unneeded) await rm(join(root, place), { recursive: true, force: true });
  await mkdir(join(root, "delta"));
  await makeRootDisk(root, system.disk, DISK_MEGABYTES);
}

async function firstFileSystem(root: string, version: string): Promise<Buffer> {
  const modules = await readModules(join(root, "lib/modules", version), MODULES);
  const file = (path: string, mode: number, content: Buffer): ArchiveEntry => ({
    path,
    kind: "file",
    mode,
    content,
  });
  const folders = ["bin", "dev", "modules", "proc", "sys", "system"];
  return gzipSync(
    cpioArchive([
      ...folders.map((path) => ({ path, kind: "folder" as const, mode: 0o755, content: Buffer.alloc(0) })),
      file("init", 0o755, await readFile(join(import.meta.dirname, "init.sh"))),
      file("bin/busybox", 0o755, await readFile(join(root, "bin/busybox"))),
      file("modules/order", 0o644, Buffer.from(modules.map(({ name }) => `${name}\n`).join(""))),
      ...modules.map(({ name, content }) => file(`modules/${name}.ko`, 0o644, content)),
    ]),
  );
}
