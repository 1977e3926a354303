import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Text that names one process for ever, where its pid alone may be given to another: boot and start
 * tick on Linux, start time elsewhere. null when no such process runs; a zombie does not run.
 */
export function processIdentity(pid: number): string | null {
  return process.platform === "linux" ? linuxIdentity(pid) : portableIdentity(pid);
}

function linuxIdentity(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in brackets may hold anything; the fields after its last bracket are plain.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return null;
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}:${fields[19]}`;
  } catch {
    return null;
  }
}

function portableIdentity(pid: number): string | null {
  const { status, stdout } = spawnSync("ps", ["-o", "state=,lstart=", "-p", String(pid)], {
    encoding: "utf8",
  });
  const text = status === 0 ? stdout.trim() : "";
  return text === "" || text.startsWith("Z") ? null : text.replace(/^\S+\s+/, "");
}
