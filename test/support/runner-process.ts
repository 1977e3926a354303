import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunnerConfig } from "../../schemas/runner-config.ts";
import { threadList } from "./thread-list.ts";

export const RUNNER_LAUNCHER = fileURLToPath(new URL("../../runner/delta-runner.js", import.meta.url));

/** A runner that lives as long hangs, which is told before the time of the test is over. */
const LIFE_MS_MAX = 100_000;

export interface RunnerProcess {
  readonly child: ChildProcess;
  readonly workspaceRoot: string;
  /** What it wrote to its own standard error. */
  readonly errors: () => string;
  /** Exit status, or the signal that ended it. Rejects with what its threads wait for when it hangs. */
  readonly ended: Promise<number | NodeJS.Signals>;
  remove(): void;
}

export interface RunnerTarget {
  readonly url: string;
  readonly attemptId: string;
  readonly claimToken: string;
}

/** Starts a real runner for one attempt, as a dispatcher would. */
export function startRunner(
  target: RunnerTarget,
  overrides: Partial<RunnerConfig> = {},
  environment: Readonly<Record<string, string>> = {},
): RunnerProcess {
  const workspaceRoot = overrides.workspace_root ?? mkdtempSync(join(tmpdir(), "delta-runner-"));
  const runner = spawnRunner(["run"], workspaceRoot, environment);
  const config: RunnerConfig = {
    version: 1,
    control_plane: target.url,
    attempt_id: target.attemptId,
    proof: { kind: "claim_token", token: target.claimToken },
    workspace_root: workspaceRoot,
    inherit_env: ["PATH", "LANG"],
    ...overrides,
  };
  runner.child.stdin?.end(`${JSON.stringify(config)}\n`);
  return runner;
}

export function spawnRunner(
  args: readonly string[],
  workspaceRoot: string,
  environment: Readonly<Record<string, string>> = {},
): RunnerProcess {
  const child = spawn(process.execPath, [RUNNER_LAUNCHER, ...args], {
    stdio: ["pipe", "ignore", "pipe"],
    detached: true,
    env: { PATH: process.env.PATH, ...environment },
  });
  let errors = "";
  child.stderr.on("data", (text: Buffer) => (errors += text.toString()));
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    const hangs = (): void =>
      reject(new Error(`the runner did not end: ${errors}\n${threadList([child.pid ?? -1])}`));
    const late = setTimeout(hangs, LIFE_MS_MAX);
    child.once("close", (code, signal) => {
      clearTimeout(late);
      resolve(code ?? signal ?? "SIGKILL");
    });
  });
  // Not every test waits for it.
  ended.catch(() => undefined);
  return {
    child,
    workspaceRoot,
    errors: () => errors,
    ended,
    remove: () => {
      child.kill("SIGKILL");
      rmSync(workspaceRoot, { recursive: true, force: true });
    },
  };
}
