import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * The threads of these processes and of all that descend from them, with the place in the kernel where each one waits;
 * of those too whose environment names one of the folders, whoever their parent is now.
 */
export function threadList(pids: readonly number[], folders: readonly string[] = []): string {
  const all = execFileSync("ps", ["-eLo", "pid,ppid,tid,stat,wchan:24,comm,args"], { encoding: "utf8" });
  const [heading = "", ...lines] = all.split("\n");
  const rows = lines.map((line) => {
    const [pid = 0, parent = 0] = line.trim().split(/\s+/, 2).map(Number);
    return { pid, parent, line };
  });
  const shown = new Set(pids);
  for (const { pid } of rows)
    if (folders.some((folder) => environmentOf(pid).includes(folder))) shown.add(pid);
  for (let before = -1; before !== shown.size; ) {
    before = shown.size;
    for (const { pid, parent } of rows) if (shown.has(parent)) shown.add(pid);
  }
  return [heading, ...rows.filter(({ pid }) => shown.has(pid)).map(({ line }) => line)].join("\n");
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}
