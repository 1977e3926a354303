import { accessSync, constants, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readOutOfMemoryKills } from "../out-of-memory.ts";

const HIERARCHY = "/sys/fs/cgroup";
const MEMBERS = "cgroup.procs";
/** A job that starts processes faster than this many looks find them harms its own attempt alone. */
const LOOKS_MAX = 100;

/** Where the processes of a job are kept apart from the runner, with a limit on memory of their own. */
export interface ControlGroup {
  /** Puts into it what the runner has started, and what that has started since. Called right after each start. */
  adopt(): void;
  /** How many of its processes the kernel has ended for want of memory; null where that cannot be read. */
  countOutOfMemoryKills(): number | null;
}

/**
 * A control group (version 2) that whoever starts the runner has made for its job, beside one in which the
 * runner is alone: only then is everything else that is found there the job's. null where that is not so.
 */
export function openControlGroup(folder: string, own: string | null = ownGroup()): ControlGroup | null {
  if (own === null || own === folder || dirname(own) !== dirname(folder)) return null;
  try {
    accessSync(join(folder, MEMBERS), constants.W_OK);
    if (othersIn(own).length > 0) return null;
  } catch {
    return null;
  }
  return {
    adopt() {
      for (let look = 0; look < LOOKS_MAX; look++) {
        const others = othersIn(own);
        if (others.length === 0) return;
        for (const pid of others) move(pid, folder);
      }
    },
    countOutOfMemoryKills: () => readOutOfMemoryKills(join(folder, "memory.events")),
  };
}

/** A group passes from parent to child, so what a process has started before it is moved is in this list too. */
function othersIn(group: string): readonly string[] {
  const pids = readFileSync(join(group, MEMBERS), "latin1").split("\n");
  return pids.filter((pid) => pid !== "" && pid !== String(process.pid));
}

function move(pid: string, folder: string): void {
  try {
    writeFileSync(join(folder, MEMBERS), pid);
  } catch {
    // It has ended meanwhile.
  }
}

function ownGroup(): string | null {
  try {
    const path = /^0::(\/.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1];
    return path === undefined ? null : join(HIERARCHY, path);
  } catch {
    return null;
  }
}
