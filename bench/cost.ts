import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./figures.ts";

/** Longest run of one program in seconds. Past it a program is stopped, and what it used until then counts. */
const RUN_SECONDS_MAX = 420;
/** What `timeout` ends with when it had to stop the program. */
const STOPPED = 124;

/** What one run of a program took. */
export interface Cost {
  readonly wallMs: number;
  /** User and system time of the program and of every process that it waited for. */
  readonly cpuMs: number;
  /** True when it was stopped for taking too long: then both times are lower bounds. */
  readonly stopped: boolean;
  readonly stdout: string;
}

export interface Run {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Runs a program to its end. Node tells the CPU time of itself alone, so bash runs it and tells what the
 * kernel counted for the children that were waited for. Throws when it ends with another code than 0.
 */
export function costOf({ command, cwd, environment = {} }: Run): Cost {
  const folder = mkdtempSync(join(tmpdir(), "delta-bench-run-"));
  const [out, errors] = [join(folder, "out"), join(folder, "errors")];
  try {
    const timed = `TIMEFORMAT="%R %U %S"; time timeout ${RUN_SECONDS_MAX} "$@" >"$BENCH_OUT" 2>"$BENCH_ERRORS"`;
    const { status, stderr } = spawnSync("bash", ["-c", timed, "bash", ...command], {
      cwd,
      env: { ...process.env, ...environment, BENCH_OUT: out, BENCH_ERRORS: errors },
      encoding: "utf8",
    });
    if (status !== 0 && status !== STOPPED) {
      throw new Error(`${command.join(" ")} ended with ${status}: ${readFileSync(errors, "utf8").trim()}`);
    }
    const [wall = Number.NaN, user = Number.NaN, system = Number.NaN] = stderr.trim().split(" ").map(Number);
    return {
      wallMs: wall * 1000,
      cpuMs: (user + system) * 1000,
      stopped: status === STOPPED,
      stdout: readFileSync(out, "utf8"),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The median cost of each of several programs, run in turn, so that what else the machine does falls on
 * all alike. A first round warms files and compile caches and does not count.
 */
export function interleaved<Name extends string>(
  turns: number,
  runs: Readonly<Record<Name, Run>>,
): Readonly<Record<Name, Cost>> {
  const names = Object.keys(runs) as Name[];
  const rounds = Array.from({ length: turns + 1 }, () =>
    Object.fromEntries(names.map((name) => [name, costOf(runs[name])])),
  ) as Record<Name, Cost>[];
  return Object.fromEntries(
    names.map((name) => {
      const counted = rounds.slice(1).map((round) => round[name]);
      const [first = rounds[0]?.[name]] = counted;
      const times = {
        wallMs: median(counted.map(({ wallMs }) => wallMs)),
        cpuMs: median(counted.map(({ cpuMs }) => cpuMs)),
      };
      return [name, { ...first, ...times }];
    }),
  ) as Record<Name, Cost>;
}

/**
 * CPU time of this process for one call: the mean of several, after one that warms up. Garbage is collected
 * during few of them and belongs to all.
 */
export function cpuMs(body: () => void, turns = 5): number {
  if (turns > 1) body();
  const before = process.cpuUsage();
  for (let turn = 0; turn < turns; turn += 1) body();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / turns;
}
