import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { StepUser } from "../../schemas/runner-config.ts";
import type { StopSource } from "../stop-source.ts";
import type { ControlGroup } from "./control-group.ts";
import { findJobProcesses, killJobProcesses, signalJobProcesses, type JobIdentity } from "./job-processes.ts";
import { openOutputPipe } from "./output-pipe.ts";

/** Processes that a command leaves behind get this long after SIGTERM. */
const LEFTOVER_GRACE_MS = 2_000;
/** How often a group that was told to end is looked at. */
const GONE_POLL_MS = 25;
/** An output that stays open and silent this long after every process is gone is held by one that escaped. */
const SILENT_OUTPUT_MS = 1_000;
/** When memory runs out the kernel ends the job before the runner that reports it. */
const JOB_OOM_SCORE = "500";

export interface CommandOutput {
  /** False asks the command's output to be left unread until `room`. */
  write(bytes: Uint8Array): boolean;
  room(): Promise<void>;
}

export interface CommandRequest {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly job: JobIdentity;
  /** null: the runner's own. */
  readonly user: StepUser | null;
  /** Where it runs apart from the runner; null: beside it. */
  readonly group: ControlGroup | null;
  readonly output: CommandOutput;
  /** Folder in which the output pipe is made for a moment. */
  readonly pipeFolder: string;
  readonly timeoutMs: number | null;
  readonly stopSignal: NodeJS.Signals;
  readonly stop: StopSource;
  /** Grace between the stop signal and SIGKILL for the cause that stopped it. */
  readonly graceMs: () => number;
  /** The program that makes the output pipe; `mkfifo` unless said. */
  readonly mkfifo?: string;
}

export interface CommandResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The command could not be started at all. */
  readonly spawnError: NodeJS.ErrnoException | null;
  readonly endedBy: "itself" | "timeout" | "stop";
  /** SIGKILL was needed. */
  readonly killed: boolean;
  /** Processes of the job still running when it ended by itself; they were ended too. */
  readonly leftBehind: number;
  /** Nothing of it is left running. */
  readonly gone: boolean;
}

/** Runs one command in a session of its own and returns only when everything it started has been ended. */
export async function runCommand(request: CommandRequest): Promise<CommandResult> {
  const started = start(request);
  if (started instanceof Error)
    return {
      exitCode: null,
      signal: null,
      spawnError: started,
      endedBy: "itself",
      killed: false,
      leftBehind: 0,
      gone: true,
    };
  const { child, exited, outputs } = started;
  const sessions = new Set(child.pid === undefined ? [] : [child.pid]);
  const drained = Promise.all(outputs.map((output) => copyOutput(output, request.output)));

  const endedBy = await waitForEnd(request, exited);
  const ending = { killed: false, leftBehind: 0 };
  if (endedBy === "itself") {
    ending.leftBehind = findJobProcesses(request.job, sessions).length;
    if (ending.leftBehind > 0)
      await endProcesses(request, sessions, "SIGTERM", Math.min(LEFTOVER_GRACE_MS, request.graceMs()));
  } else {
    ending.killed = !(await endProcesses(request, sessions, request.stopSignal, request.graceMs()));
  }
  const gone = await killJobProcesses(request.job, sessions);
  const { exitCode, signal, error } = await exited;
  for (const output of outputs) endWhenSilent(output, request.stop.atOnce);
  await drained;
  return { exitCode, signal, spawnError: error, endedBy, ...ending, gone };
}

interface Exit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error: NodeJS.ErrnoException | null;
}

function start(request: CommandRequest) {
  const [file, ...args] = request.argv;
  const pipe = openOutputPipe(request.pipeFolder, request.user, request.mkfifo);
  let child: ChildProcess;
  try {
    child = withJobsOutOfMemoryScore(() =>
      spawn(file as string, args, {
        cwd: request.cwd,
        env: request.env,
        stdio: pipe.stdio,
        detached: true,
        ...request.user,
      }),
    );
  } catch (error) {
    pipe.source?.destroy();
    return error as NodeJS.ErrnoException;
  } finally {
    pipe.closeWriter();
  }
  const exited = new Promise<Exit>((resolve) => {
    child.once("error", (error) => resolve({ exitCode: null, signal: null, error }));
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal, error: null }));
  });
  request.group?.adopt();
  if (child.pid !== undefined) writeOutOfMemoryScore(child.pid, JOB_OOM_SCORE);
  const outputs = pipe.source ? [pipe.source] : [child.stdout, child.stderr].filter((end) => end !== null);
  return { child, exited, outputs };
}

async function waitForEnd(request: CommandRequest, exited: Promise<Exit>): Promise<CommandResult["endedBy"]> {
  const over = new AbortController();
  const { timeoutMs, stop } = request;
  try {
    return await Promise.race([
      exited.then(() => "itself" as const),
      aborted(stop.gently, over.signal).then(() => "stop" as const),
      ...(timeoutMs === null
        ? []
        : [sleep(timeoutMs, "timeout" as const, { signal: over.signal }).catch(() => "timeout" as const)]),
    ]);
  } finally {
    over.abort();
  }
}

/** True when every process was gone within the grace, without SIGKILL. */
async function endProcesses(
  request: CommandRequest,
  sessions: ReadonlySet<number>,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<boolean> {
  const deadline = performance.now() + graceMs;
  if (request.stop.atOnce.aborted) return findJobProcesses(request.job, sessions).length === 0;
  signalJobProcesses(request.job, sessions, signal);
  while (isAnyAlive(request.job, sessions)) {
    if (performance.now() >= deadline || request.stop.atOnce.aborted) return false;
    await sleep(GONE_POLL_MS, undefined, { signal: request.stop.atOnce }).catch(() => undefined);
  }
  return true;
}

function isAnyAlive(job: JobIdentity, sessions: ReadonlySet<number>): boolean {
  if (process.platform === "linux") return findJobProcesses(job, sessions).length > 0;
  return [...sessions].some((session) => {
    try {
      return process.kill(-session, 0);
    } catch {
      return false;
    }
  });
}

async function copyOutput(source: Readable, output: CommandOutput): Promise<void> {
  source.on("data", (bytes: Buffer) => {
    if (output.write(bytes)) return;
    source.pause();
    void output.room().then(() => source.resume());
  });
  await new Promise<void>((resolve) => {
    source.once("close", resolve);
    source.once("error", () => source.destroy());
    source.once("end", () => source.destroy());
  });
}

/** What is still in the pipe is read to its end; a pipe that someone holds open for ever is not waited for. */
function endWhenSilent(source: Readable, atOnce: AbortSignal): void {
  if (source.destroyed) return;
  let silentSince = performance.now();
  source.on("data", () => {
    silentSince = performance.now();
  });
  const timer = setInterval(() => {
    if (source.isPaused() && !atOnce.aborted) silentSince = performance.now();
    if (performance.now() - silentSince > SILENT_OUTPUT_MS) source.destroy();
  }, SILENT_OUTPUT_MS / 10);
  source.once("close", () => clearInterval(timer));
}

function aborted(signal: AbortSignal, over: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true, signal: over }),
  );
}

/**
 * A process has its parent's score from its first moment, before anything of its own can start others. Where the
 * runner may not change its own score, the command gets its score right after its start.
 */
function withJobsOutOfMemoryScore<Result>(start: () => Result): Result {
  const own = readOutOfMemoryScore();
  if (own !== null) writeOutOfMemoryScore("self", JOB_OOM_SCORE);
  try {
    return start();
  } finally {
    if (own !== null) writeOutOfMemoryScore("self", own);
  }
}

function readOutOfMemoryScore(): string | null {
  try {
    return readFileSync("/proc/self/oom_score_adj", "latin1");
  } catch {
    return null;
  }
}

function writeOutOfMemoryScore(process: number | "self", score: string): void {
  try {
    writeFileSync(`/proc/${process}/oom_score_adj`, score);
  } catch {
    // Not Linux, not allowed, or the process has ended: the default score serves.
  }
}
