import { execFile } from "node:child_process";
import { readdir, readFile, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A killed process is gone within milliseconds; one that waits for a device takes the device's time. */
const KILL_MS = 5_000;
const KILL_POLL_MS = 20;
const UNMOUNT_MS = 5_000;
/** What is being ended may write until it is gone. */
const REMOVE_TRIES = 10;
const REMOVE_AGAIN_MS = 100;

/** A process that a throw-away agent left running. */
export interface LeftProcess {
  readonly pid: number;
  readonly command: string;
}

/**
 * Ends what a throw-away agent could not: one that was killed, or fell, leaves its tasks running under their
 * executors and its folders mounted. They are told by their environment: an agent started with its folder as TMPDIR
 * hands that on, and a step's own is below it. A shell or a control plane that only knows a file of the folder is
 * somebody else's. Without /proc there is nothing to tell them by, and this is empty.
 */
export async function endLeftProcesses(folder: string): Promise<readonly LeftProcess[]> {
  const ended = new Map<number, LeftProcess>();
  const end = performance.now() + KILL_MS;
  for (;;) {
    const found = await processesOf(folder);
    if (found.length === 0 || performance.now() > end) return [...ended.values()];
    for (const one of found) {
      ended.set(one.pid, one);
      kill(one.pid);
    }
    await delay(KILL_POLL_MS);
  }
}

/**
 * Unmounts what is mounted below the folder, and removes it. Tries again by the whole folder: `rm` with maxRetries
 * does so at each level of folders anew, which took hours for one that was busy five levels down. Throws with the
 * last failure when the folder stays.
 */
export async function removeAgentFolder(folder: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    for (const place of await mountsBelow(folder)) {
      // One that somebody looks into is taken out of the tree, and goes when they have left.
      await run("umount", ["--lazy", "--", place], { timeout: UNMOUNT_MS }).catch(() => null);
    }
    try {
      return await rm(folder, { recursive: true, force: true });
    } catch (cause) {
      if (tries === REMOVE_TRIES) {
        throw new Error(`the folder ${folder} stays: ${(cause as Error).message}`, { cause });
      }
      await delay(REMOVE_AGAIN_MS);
    }
  }
}

async function processesOf(folder: string): Promise<LeftProcess[]> {
  const found: LeftProcess[] = [];
  for (const name of await readdir("/proc").catch(() => [])) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    // Empty of one that has ended and is not yet collected.
    const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    if (!environment.split("\0").some((entry) => isBelow(entry, folder))) continue;
    const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    found.push({ pid, command: words.replaceAll("\0", " ").trim() });
  }
  return found;
}

function isBelow(entry: string, folder: string): boolean {
  const [name, value = ""] = entry.split("=", 2);
  if (name !== "TMPDIR" && name !== "NOMAD_ALLOC_DIR") return false;
  return value === folder || value.startsWith(`${folder}/`);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

/** Deepest first; empty where there is no such table. */
async function mountsBelow(folder: string): Promise<string[]> {
  const table = await readFile("/proc/self/mountinfo", "utf8").catch(() => "");
  return table
    .split("\n")
    .map((line) => decoded(line.split(" ")[4] ?? ""))
    .filter((place) => place.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length);
}

/** The table writes spaces, tabs, line ends and backslashes as three octal digits. */
function decoded(place: string): string {
  return place.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
