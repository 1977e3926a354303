import { readFileSync, readdirSync } from "node:fs";

/** Every process but zombies. */
export function livePids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter(isLive);
}

/** Live processes whose starting environment names the attempt. */
export function processesOf(attemptId: string): number[] {
  return livePids().filter((pid) => read(pid, "environ").includes(`DELTA_ATTEMPT_ID=${attemptId}`));
}

export function isLive(pid: number): boolean {
  return /^State:\s[^ZX]/m.test(read(pid, "status"));
}

/** A file of one process, as text; empty when it has ended. */
export function read(pid: number, name: "environ" | "cmdline" | "status"): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return "";
  }
}
