import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { type ArchiveEntry, cpioArchive } from "./cpio.ts";
import { makeRootDisk } from "./disk-image.ts";
import { NEEDED_MODULES, readModules } from "./kernel-modules.ts";
import { runTool } from "./run-tool.ts";

/** What the root disk holds at first. */
export type MachineRoot =
  /** Debian made from packages: a minimal system and the packages named. */
  | {
      readonly kind: "debian";
      readonly suite: string;
      readonly packages: readonly string[];
      /** null for debootstrap's own. */
      readonly mirror: string | null;
    }
  /** A folder, or a tar archive such as `docker export` writes. */
  | { readonly kind: "files"; readonly path: string };

export interface MachineImageOptions {
  readonly root: MachineRoot;
  /** Size of the root disk as the machine sees it; on the client it takes what it holds. */
  readonly megabytes: number;
}

export interface MachineImage {
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
}

/** Debian's kernel for virtual machines: small, and with every driver as a module. */
const KERNEL = "linux-image-cloud-amd64";
const KERNEL_PACKAGE = /^\s*Depends: (linux-image-\d\S+)$/m;
const BUSYBOX = "busybox-static";

/** The files of an image folder, which are also what a pool's catalogue names. */
export function machineImageIn(folder: string): MachineImage {
  return {
    disk: join(folder, "disk.qcow2"),
    kernel: join(folder, "vmlinuz"),
    initrd: join(folder, "initrd.img"),
  };
}

/**
 * Makes what a virtual machine boots from: Debian's kernel, a first file system that finds the runner,
 * and a root disk. Works on Debian as root, mounts nothing, and asks the package sources of this machine.
 * Each file is replaced by a rename. Throws an Error that names the tool and what it said.
 */
export async function buildMachineImage(folder: string, options: MachineImageOptions): Promise<MachineImage> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error("images of machines are made on Linux x86-64, for the same");
  }
  const image = machineImageIn(resolve(folder));
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(tmpdir(), "delta-image-"));
  try {
    const kernel = await unpackedKernel(work);
    const busybox = join(await unpacked(work, BUSYBOX), "bin", "busybox");
    await replace(image.kernel, await readFile(kernel.program));
    await replace(image.initrd, await firstFileSystem(kernel.modules, busybox));
    await makeRootDisk(await rootFolder(work, options.root), image.disk, options.megabytes);
    return image;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Linux unpacks it into memory; its `/init` is the first program. */
async function firstFileSystem(modulesFolder: string, busybox: string): Promise<Buffer> {
  const modules = await readModules(modulesFolder, NEEDED_MODULES);
  const script = (name: string) => readFile(new URL(name, import.meta.url));
  const folders = ["bin", "dev", "disk", "modules", "proc", "run", "sys"];
  const file = (path: string, mode: number, content: Buffer): ArchiveEntry => ({
    path,
    kind: "file",
    mode,
    content,
  });
  const order = modules.map(({ name }) => `${name}\n`).join("");
  const entries: ArchiveEntry[] = [
    ...folders.map((path) => ({ path, kind: "folder" as const, mode: 0o755, content: Buffer.alloc(0) })),
    file("init", 0o755, await script("./init.sh")),
    file("start.sh", 0o644, await script("./start.sh")),
    file("bin/busybox", 0o755, await readFile(busybox)),
    file("modules/order", 0o644, Buffer.from(order)),
    ...modules.map(({ name, content }) => file(`modules/${name}.ko`, 0o644, content)),
  ];
  return gzipSync(cpioArchive(entries));
}

async function unpackedKernel(work: string): Promise<{ program: string; modules: string }> {
  const depends = (await runTool("apt-cache", ["depends", KERNEL])).toString("utf8");
  const name = KERNEL_PACKAGE.exec(depends)?.[1];
  if (name === undefined) throw new Error(`no package source of this machine has ${KERNEL}`);
  const content = await unpacked(work, name);
  const version = name.replace(/^linux-image-/, "");
  // Debian keeps modules below /usr from release 13 on.
  const places = ["lib/modules", "usr/lib/modules"].map((place) => join(content, place, version));
  const found = await Promise.all(places.map((place) => stat(place).catch(() => null)));
  const modules = places.find((_place, at) => found[at] !== null);
  if (modules === undefined) throw new Error(`package ${name} holds no modules of ${version}`);
  return { program: join(content, "boot", `vmlinuz-${version}`), modules };
}

/** The files of one Debian package, checked by apt and not installed. */
async function unpacked(work: string, name: string): Promise<string> {
  const folder = join(work, name);
  await mkdir(folder);
  // apt's own unprivileged user cannot write here, which apt would remark on.
  await runTool("apt-get", ["-o", "APT::Sandbox::User=root", "download", name], { cwd: folder });
  const [archive = ""] = await readdir(folder);
  const content = join(folder, "content");
  await runTool("dpkg-deb", ["--extract", join(folder, archive), content]);
  return content;
}

async function rootFolder(work: string, root: MachineRoot): Promise<string> {
  const folder = join(work, "root");
  if (root.kind === "debian") {
    const include = root.packages.length === 0 ? [] : [`--include=${root.packages.join(",")}`];
    const mirror = root.mirror === null ? [] : [root.mirror];
    await runTool("debootstrap", ["--variant=minbase", ...include, root.suite, folder, ...mirror]);
    for (const cache of ["var/cache/apt/archives", "var/lib/apt/lists"]) {
      await rm(join(folder, cache), { recursive: true, force: true });
    }
    return folder;
  }
  if ((await stat(root.path)).isDirectory()) return root.path;
  await mkdir(folder);
  await runTool("tar", ["--extract", "--numeric-owner", "--file", root.path, "--directory", folder]);
  return folder;
}

async function replace(file: string, content: Buffer): Promise<void> {
  const partial = `${file}.${process.pid}.partial`;
  try {
    await writeFile(partial, content);
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
}
