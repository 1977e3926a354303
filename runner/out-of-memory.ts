import { readFileSync } from "node:fs";

/** Where control group 2 and 1 count the processes the kernel ended for want of memory. */
const COUNTERS = [
  { hierarchy: "", root: "/sys/fs/cgroup", file: "memory.events" },
  { hierarchy: "memory", root: "/sys/fs/cgroup/memory", file: "memory.oom_control" },
] as const;

/**
 * How many processes of this runner's control group the kernel has ended for want of memory. null where that
 * cannot be read; then an out-of-memory kill is reported as a signal.
 */
export function countOutOfMemoryKills(): number | null {
  const groups = readText("/proc/self/cgroup")?.trim().split("\n") ?? [];
  for (const { hierarchy, root, file } of COUNTERS) {
    const line = groups.find((entry) => entry.split(":")[1]?.split(",").includes(hierarchy));
    const group = line?.split(":").slice(2).join(":");
    // Inside a container the group is often mounted as the root of the hierarchy.
    const count =
      group === undefined
        ? null
        : (readOutOfMemoryKills(`${root}${group}/${file}`) ?? readOutOfMemoryKills(`${root}/${file}`));
    if (count !== null) return count;
  }
  return null;
}

/** The count of one such file; null where it cannot be read. */
export function readOutOfMemoryKills(file: string): number | null {
  const count = readText(file)?.match(/^oom_kill (\d+)$/m)?.[1];
  return count === undefined ? null : Number(count);
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
