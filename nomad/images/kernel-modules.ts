import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { runTool } from "./run-tool.ts";

/** What the kernel must know before it can see its disks, its network and what it was told. */
export const NEEDED_MODULES = [
  "virtio_pci",
  "virtio_blk",
  "virtio_net",
  "virtio_rng",
  "ext4",
  "qemu_fw_cfg",
  "button",
  "evdev",
] as const;

export interface KernelModule {
  readonly name: string;
  readonly content: Buffer;
}

/**
 * The modules of a kernel in the order in which they can be loaded, those they depend on first. One that
 * is part of the kernel itself is left out. Throws when the kernel does not have one at all.
 */
export async function readModules(
  folder: string,
  wanted: readonly string[],
): Promise<readonly KernelModule[]> {
  const names = await readdir(folder, { recursive: true });
  const files = new Map(
    names.filter((name) => /\.ko(\.xz)?$/.test(name)).map((name) => [moduleName(name), join(folder, name)]),
  );
  const builtIn = new Set(
    (await readFile(join(folder, "modules.builtin"), "utf8")).trim().split("\n").map(moduleName),
  );
  const loaded = new Map<string, KernelModule>();
  const load = async (name: string, neededBy: string): Promise<void> => {
    if (loaded.has(name) || builtIn.has(name)) return;
    const file = files.get(name);
    if (file === undefined) throw new Error(`this kernel has no module ${name}, which ${neededBy} needs`);
    const content = file.endsWith(".xz")
      ? await runTool("xz", ["--decompress", "--stdout", "--", file])
      : await readFile(file);
    for (const dependency of dependenciesOf(content)) await load(dependency, name);
    loaded.set(name, { name, content });
  };
  for (const name of wanted) await load(name, "a machine of Delta CI");
  return [...loaded.values()];
}

/** A module says what it depends on in a section of `key=value` texts. */
function dependenciesOf(content: Buffer): readonly string[] {
  const list = /\0depends=([\w,-]*)\0/.exec(content.toString("latin1"))?.[1] ?? "";
  return list
    .split(",")
    .filter((name) => name !== "")
    .map(moduleName);
}

/** Files are named with dashes where the kernel says underscores. */
function moduleName(path: string): string {
  return basename(path)
    .replace(/\.ko(\.xz)?$/, "")
    .replaceAll("-", "_");
}
