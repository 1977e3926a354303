import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { withDeadline } from "../deadline.ts";

const run = promisify(execFile);
const READY_MS = 60_000;

/** Everything of the engine lies in the test's folder; it touches no network of the machine. */
export function dockerCommand(folder: string): readonly string[] {
  return [
    "dockerd",
    `--data-root=${folder}/data/docker`,
    `--exec-root=${folder}/data/docker-run`,
    `--pidfile=${folder}/docker.pid`,
    `--host=${dockerHost(folder)}`,
    "--bridge=none",
    "--iptables=false",
    "--ip-masq=false",
    "--shutdown-timeout=1",
  ];
}

export function dockerHost(folder: string): string {
  return `unix://${folder}/docker.sock`;
}

/** Nomad's driver, as its operators' guide recommends it: no privileges, no host folders. */
export function dockerPlugin(folder: string): Readonly<Record<string, unknown>> {
  const config = {
    endpoint: dockerHost(folder),
    allow_privileged: false,
    volumes: [{ enabled: false }],
    gc: [{ image: false }],
  };
  return { docker: [{ config: [config] }] };
}

export async function startDocker(
  folder: string,
  tell: (command: string) => Promise<void>,
  logTail: () => Promise<string>,
): Promise<void> {
  await withDeadline(
    "the last engine's containerd to end",
    READY_MS,
    () => hasContainerdEnded(folder),
    logTail,
  );
  await tell("start docker");
  const answers = async (): Promise<void> => {
    await docker(folder, ["version"]);
  };
  await withDeadline("the Docker engine", READY_MS, answers, logTail);
}

/** The kernel ends it a moment after an engine that was killed; a new engine would take the dying one for its own. */
async function hasContainerdEnded(folder: string): Promise<boolean> {
  const file = `${folder}/data/docker-run/containerd/containerd.pid`;
  const pid = Number(await readFile(file, "utf8").catch(() => ""));
  if (!(pid > 0)) return true;
  const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  if (state !== "" && !/\) [ZX] /.test(state)) return false;
  await rm(file, { force: true });
  return true;
}

export async function docker(folder: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run("docker", ["--host", dockerHost(folder), ...args], { timeout: READY_MS });
  return stdout;
}

/** An image without a C library, a shell or anything else: only the folders that mounts need. */
export async function importEmpty(folder: string, name: string): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "delta-image-"));
  try {
    await mkdir(join(root, "content/delta"), { recursive: true });
    const tar = join(root, "image.tar");
    await run("tar", ["--create", "--file", tar, "--directory", join(root, "content"), "."]);
    await docker(folder, ["import", tar, `${name}:1`]);
  } finally {
    await rm(root, { recursive: true });
  }
}
