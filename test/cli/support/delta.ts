import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { PATIENCE } from "../../support/patience.ts";
import { threadList } from "../../support/thread-list.ts";

export const ROOT = join(import.meta.dirname, "..", "..", "..");
const LAUNCHER = join(ROOT, "cli", "delta.js");

/** A command that lives as long hangs, which is told before the time of the test is over, in milliseconds. */
const LIFE_MS_MAX = 100_000 * PATIENCE;

export interface Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string;
}

/** A clean environment: nothing of the developer's own Delta, colour or git settings gets in. */
export function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(DELTA_|GIT_|NO_COLOR|FORCE_COLOR|CI$|NODE_OPTIONS|VITEST)/.test(name),
  );
  return { ...Object.fromEntries(kept), GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", ...more };
}

/** Starts the real launcher as a child process. */
export function startDelta(args: readonly string[], options: RunOptions): ChildProcess {
  return spawn(process.execPath, [LAUNCHER, ...args], {
    cwd: options.cwd,
    env: environment(options.env),
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** Runs the real launcher to its end. Rejects with what it printed and what its threads wait for when it hangs. */
export async function delta(args: readonly string[], options: RunOptions): Promise<Result> {
  const child = startDelta(args, options);
  const hung: string[] = [];
  const late = setTimeout(() => {
    hung.push(child.pid === undefined ? "it did not start" : threadList([child.pid]));
    child.kill("SIGKILL");
  }, LIFE_MS_MAX);
  const result = await finished(child, options.stdin);
  clearTimeout(late);
  if (hung.length === 0) return result;
  const printed = `${result.stdout}${result.stderr}`;
  throw new Error(
    [`delta ${args.join(" ")} did not end in ${LIFE_MS_MAX} ms: ${printed}`, ...hung].join("\n"),
  );
}

export async function finished(child: ChildProcess, stdin = ""): Promise<Result> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on("data", (bytes: Buffer) => stdout.push(bytes));
  child.stderr?.on("data", (bytes: Buffer) => stderr.push(bytes));
  child.stdin?.on("error", () => {});
  child.stdin?.end(stdin);
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}
