import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const INSTALL_MS = 10 * 60_000;
const NO_QUESTIONS = { DEBIAN_FRONTEND: "noninteractive" };

/** Programs that tests start, and the packages of Debian that bring them. */
export interface MachinePart {
  readonly programs: readonly string[];
  readonly packages: readonly string[];
}

export const DOCKER_PART: MachinePart = {
  programs: ["docker", "dockerd", "docker-init", "debootstrap"],
  packages: ["docker.io", "tini", "debootstrap"],
};

export const QEMU_PART: MachinePart = {
  programs: ["qemu-system-x86_64", "qemu-img", "mke2fs", "dpkg-deb", "debootstrap", "xz"],
  packages: ["qemu-system-x86", "qemu-utils", "e2fsprogs", "debootstrap", "xz-utils"],
};

/** Where programs are looked for, and whether packages may be added: as root, where there is apt. */
export interface Machine {
  readonly path: string;
  readonly isRoot: boolean;
}

/**
 * Brings what is not there, from Debian's packages, where that is allowed. null when all programs are
 * there in the end; else what is missing and how to get it. What was installed stays: it is the
 * machine's own package manager that knows it.
 */
export async function providePart(part: MachinePart, machine: Machine): Promise<string | null> {
  const absent = await absentPrograms(part, machine);
  if (absent.length === 0) return null;
  const missing = `${absent.join(", ")} not on PATH`;
  const remedy = `"apt-get install ${part.packages.join(" ")}" brings them`;
  if (!(await isProgram("apt-get", machine.path))) return `${missing}; install them`;
  if (!machine.isRoot) return `${missing}; ${remedy}`;
  try {
    await apt(machine, "update", "-qq");
    await apt(machine, "install", "-y", "-qq", "--no-install-recommends", ...part.packages);
  } catch (error) {
    return `${missing}; ${remedy}, which failed here: ${firstLine((error as Error).message)}`;
  }
  const still = await absentPrograms(part, machine);
  return still.length === 0 ? null : `${still.join(", ")} not on PATH, although ${remedy}`;
}

async function apt({ path }: Machine, ...args: readonly string[]): Promise<void> {
  const env = { ...process.env, ...NO_QUESTIONS, PATH: path };
  await run("apt-get", args, { env, timeout: INSTALL_MS, maxBuffer: 64 * 1024 * 1024 });
}

async function absentPrograms({ programs }: MachinePart, { path }: Machine): Promise<string[]> {
  const found = await Promise.all(programs.map((program) => isProgram(program, path)));
  return programs.filter((_program, at) => found[at] === false);
}

async function isProgram(name: string, path: string): Promise<boolean> {
  for (const folder of path.split(delimiter)) {
    const isThere = await access(join(folder, name), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return true;
  }
  return false;
}

function firstLine(text: string): string {
  return text.split("\n").find((line) => line.trim() !== "") ?? "no words";
}
