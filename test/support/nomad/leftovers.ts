import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";

/**
 * Ends what an agent leaves behind when it is killed: the executors and tasks that it would
 * re-attach to, its mounts, its folder. A process counts as the agent's when its command line or its
 * environment names the agent's own data folder, which is unique to one test, or when it works in that folder:
 * so does what copies a task's output, which names it nowhere.
 */
export function removeLeftovers(dataFolder: string): void {
  // Tasks are children of executors; a second look finds what the first one's end let loose.
  for (let round = 0; round < 3; round += 1) {
    for (const pid of processesNaming(dataFolder)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself.
      }
    }
  }
  for (const place of mountsUnder(dataFolder)) {
    try {
      execFileSync("umount", ["--lazy", "--", place], { stdio: "ignore" });
    } catch {
      // Unmounted with the one above it.
    }
  }
  rmSync(dataFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

function processesNaming(folder: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      try {
        const facts =
          readFileSync(`/proc/${pid}/cmdline`, "utf8") + readFileSync(`/proc/${pid}/environ`, "utf8");
        if (facts.includes("agent-keeper")) return false;
        return facts.includes(`${folder}/data/`) || readlinkSync(`/proc/${pid}/cwd`) === folder;
      } catch {
        return false;
      }
    });
}

/** Deepest first. */
function mountsUnder(folder: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((place) => place.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length);
}
