import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import type { RunnerConfig, SweepConfig } from "../../../schemas/runner-config.ts";

/**
 * What steps on this machine may see of the environment in which the control plane was started, beside
 * what their pipeline says. No variable that commonly holds a credential is among them, and HOME is not,
 * so that a job finds neither keys nor settings of the person who runs it.
 */
export const INHERITED_VARIABLES = [
  "PATH",
  "LANG",
  "LANGUAGE",
  "LC_*",
  "TZ",
  "USER",
  "LOGNAME",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "NODE_EXTRA_CA_CERTS",
] as const;

export interface Launch {
  /** Path of `delta-runner.js`. */
  readonly launcher: string;
  /** Folder in which Node keeps compiled modules, so that every runner but the first starts in half the time. */
  readonly compileCache: string;
}

/** Starts a runner in a session of its own, so that it outlives a control plane that is killed. */
export async function launchRunner(launch: Launch, logFile: string): Promise<ChildProcess> {
  const log = await open(logFile, "a", 0o600);
  try {
    const child = spawn(process.execPath, [launch.launcher, "run"], {
      stdio: ["pipe", log.fd, log.fd],
      env: runnerEnvironment(launch),
      cwd: "/",
      detached: true,
    });
    // Writing to a runner that died at once fails as its exit does; the exit tells it.
    child.stdin?.on("error", () => {});
    await once(child, "spawn");
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}

export function configureRunner(child: ChildProcess, config: RunnerConfig): void {
  child.stdin?.end(`${JSON.stringify(config)}\n`);
}

/** Ends what a dead runner left. True when nothing of the attempt is left. */
export async function sweepAttempt(launch: Launch, config: SweepConfig): Promise<boolean> {
  const child = spawn(process.execPath, [launch.launcher, "sweep"], {
    stdio: ["pipe", "ignore", "ignore"],
    env: runnerEnvironment(launch),
    cwd: "/",
  });
  child.stdin.on("error", () => {});
  child.stdin.end(`${JSON.stringify(config)}\n`);
  const [status] = (await once(child, "exit")) as [number | null];
  return status === 0;
}

/** The runner's own environment can be read by the processes of its job, so it holds no more than they may see. */
function runnerEnvironment({ compileCache }: Launch): NodeJS.ProcessEnv {
  const permitted = (name: string): boolean =>
    INHERITED_VARIABLES.some((entry) =>
      entry.endsWith("*") ? name.startsWith(entry.slice(0, -1)) : entry === name,
    );
  const kept = Object.entries(process.env).filter(([name]) => permitted(name));
  return { ...Object.fromEntries(kept), NODE_COMPILE_CACHE: compileCache };
}
