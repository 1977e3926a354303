import type { ChildProcess } from "node:child_process";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type {
  Dispatcher,
  DispatchRequest,
  DispatchResult,
  Observation,
  RunnerPage,
  StopRequest,
  StopResult,
} from "../../schemas/dispatcher.ts";
import type { AttemptId } from "../../schemas/ids.ts";
import { RUNNER_EXIT } from "../../schemas/runner-exit.ts";
import {
  configureRunner,
  INHERITED_VARIABLES,
  launchRunner,
  sweepAttempt,
  type Launch,
} from "./local-process/launch.ts";
import { processIdentity } from "./local-process/process-identity.ts";
import { isRunning, RunnerRecords, type RunnerRecord } from "./local-process/runner-records.ts";

export interface LocalProcessOptions {
  /** Folder of this dispatcher alone; what it remembers is in it. */
  readonly runtimeFolder: string;
  /** Absolute folder in which attempts get their workspaces. */
  readonly workspaceRoot: string;
  /** Path of `delta-runner.js`. */
  readonly launcher: string;
  readonly warn: (line: string) => void;
}

/** After the grace of a stop the runner itself gets this long to deliver the last of the log. */
const RUNNER_END_MS = 6_000;
/** Runners that are stopped because the control plane ends; long enough for the default grace of a job. */
const CLOSE_GRACE_MS = 10_000;
/** A killed process is gone within milliseconds, unless the kernel itself waits for a device. */
const KILL_WAIT_MS = 5_000;
/** How often a runner that should end is looked at. */
const POLL_MS = 50;
/** Nothing is wrong with the request: the machine is short of processes or files. */
const RETRY_MS = 1_000;

/**
 * Runs attempts as processes of this user on this machine, WITHOUT ISOLATION: a job can read and change
 * whatever this user can. For code that you trust on a machine that is yours; attempts of forks are refused.
 * Runners live on when the control plane is killed, and are found again by the next; `close` stops them.
 */
export class LocalProcessDispatcher implements Dispatcher {
  readonly name = "local-process";
  readonly #options: LocalProcessOptions;
  readonly #records: RunnerRecords;
  readonly #launching: Launch;
  /** One piece of work at a time per attempt, so that two requests never start two runners. */
  readonly #turns = new Map<AttemptId, Promise<unknown>>();
  readonly #stopping = new Map<AttemptId, Promise<void>>();
  /** How the runners started here end. */
  readonly #exits = new Map<AttemptId, Promise<NonNullable<RunnerRecord["exit"]>>>();
  readonly #over = new AbortController();

  constructor(options: LocalProcessOptions) {
    this.#options = options;
    this.#records = new RunnerRecords(options.runtimeFolder);
    const compileCache = join(options.runtimeFolder, "compile-cache");
    this.#launching = { launcher: options.launcher, compileCache };
  }

  async start(): Promise<void> {
    this.#options.warn(
      "jobs run as processes of this user on this machine, without isolation: run only code you trust",
    );
    await this.#records.prepare();
    await this.#records.prune(Date.now());
    for (const record of await this.#records.list())
      await this.#inTurn(record.attempt_id as AttemptId, () => this.#settle(record));
  }

  async dispatch(request: DispatchRequest): Promise<DispatchResult> {
    const refusal = refusalOf(request);
    if (refusal !== null) return { status: "refused", detail: refusal };
    return await this.#inTurn(request.attemptId, async () => {
      if (this.#over.signal.aborted) return unknown("the dispatcher is being closed");
      const known = await this.#records.read(request.attemptId);
      if (known !== null && (known.configured || isRunning(known)))
        return { status: "accepted", backendRef: backendRef(known) };
      try {
        return { status: "accepted", backendRef: backendRef(await this.#launch(request)) };
      } catch (error) {
        return unknown(`the runner could not be started: ${(error as Error).message}`);
      }
    });
  }

  async stop({ attemptId, graceMs }: StopRequest): Promise<StopResult> {
    const record = await this.#records.read(attemptId);
    if (record === null) return { status: "gone" };
    if (isRunning(record)) {
      this.#beginStop(record, graceMs);
      return { status: "stopping" };
    }
    const clean = await this.#inTurn(attemptId, () => this.#settle(record));
    return clean ? { status: "gone" } : unknown("processes of the job are still running");
  }

  async observe(attempts: readonly AttemptId[]): Promise<readonly Observation[]> {
    const observations: Observation[] = [];
    for (const attemptId of attempts) {
      const record = await this.#records.read(attemptId);
      const running = record !== null && isRunning(record);
      if (record !== null && !running) await this.#inTurn(attemptId, () => this.#settle(record));
      const settled = running ? null : await this.#records.read(attemptId);
      observations.push(
        settled ? exited(attemptId, settled) : seen(attemptId, running ? "running" : "absent", null),
      );
    }
    return observations;
  }

  /** All at once: one machine runs few. What has ended is tidied up. */
  async list(): Promise<RunnerPage> {
    const attempts: AttemptId[] = [];
    for (const record of await this.#records.list()) {
      const attemptId = record.attempt_id as AttemptId;
      if (isRunning(record)) attempts.push(attemptId);
      else await this.#inTurn(attemptId, () => this.#settle(record));
    }
    return { attempts, changed: attempts, upTo: null, next: null };
  }

  /** What a runner warns of goes to the control plane's own log. */
  async lastWords(): Promise<string | null> {
    return null;
  }

  async close(): Promise<void> {
    this.#over.abort();
    await Promise.allSettled(this.#turns.values());
    const records = await this.#records.list();
    for (const record of records) if (isRunning(record)) this.#beginStop(record, CLOSE_GRACE_MS);
    await Promise.allSettled(this.#stopping.values());
    for (const record of records)
      await this.#inTurn(record.attempt_id as AttemptId, () => this.#settle(record));
  }

  /** The record is on disk before the runner learns enough to claim, so a runner that claims is always known. */
  async #launch(request: DispatchRequest): Promise<RunnerRecord> {
    const { launcher, workspaceRoot, warn } = this.#options;
    await access(launcher);
    if (request.job.image !== null)
      warn(
        `job ${request.job.key}: the image ${request.job.image} is not used; its steps run on this machine`,
      );
    const child = await launchRunner(this.#launching, await this.#records.logFile(request.attemptId));
    const pid = child.pid as number;
    const record: RunnerRecord = {
      version: 1,
      attempt_id: request.attemptId,
      pid,
      identity: processIdentity(pid),
      configured: false,
      exit: null,
      clean: false,
    };
    this.#exits.set(request.attemptId, exitOf(child));
    child.once("exit", () => {
      // Should it fail, the next look at the attempt does the same again.
      this.#inTurn(request.attemptId, () => this.#settle(record)).catch(() => undefined);
    });
    await this.#records.write(record);
    configureRunner(child, {
      version: 1,
      control_plane: request.controlPlaneUrl,
      attempt_id: request.attemptId,
      proof: { kind: "claim_token", token: request.claimToken },
      workspace_root: workspaceRoot,
      inherit_env: [...INHERITED_VARIABLES],
    });
    await this.#records.write({ ...record, configured: true });
    return record;
  }

  /** Brings the record of a runner that has ended up to date. True when nothing of its attempt is left. */
  async #settle(seenRecord: RunnerRecord): Promise<boolean> {
    const attemptId = seenRecord.attempt_id as AttemptId;
    const record = (await this.#records.read(attemptId)) ?? seenRecord;
    if (isRunning(record)) return false;
    if (record.clean) return true;
    const { attempt_id } = record;
    const exit = record.exit ?? (await this.#exits.get(attemptId)) ?? null;
    const { workspaceRoot } = this.#options;
    // A runner that ended in order has cleaned up after itself.
    const clean =
      (exit !== null && exit.status !== null && exit.status !== RUNNER_EXIT.internal) ||
      (await sweepAttempt(this.#launching, { version: 1, attempt_id, workspace_root: workspaceRoot }));
    await this.#records.write({ ...record, exit, clean });
    this.#exits.delete(attemptId);
    return clean;
  }

  #beginStop(record: RunnerRecord, graceMs: number): void {
    const attemptId = record.attempt_id as AttemptId;
    if (this.#stopping.has(attemptId)) return;
    const stopped = endRunner(record, graceMs).finally(() => this.#stopping.delete(attemptId));
    this.#stopping.set(attemptId, stopped);
  }

  async #inTurn<T>(attemptId: AttemptId, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(attemptId) ?? Promise.resolve()).then(work, work);
    this.#turns.set(attemptId, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(attemptId) === turn) this.#turns.delete(attemptId);
    }
  }
}

/** SIGTERM, then SIGKILL when the grace and the runner's own time are over. Gives up on what even that does not end. */
async function endRunner(record: RunnerRecord, graceMs: number): Promise<void> {
  const deadline = performance.now() + graceMs + RUNNER_END_MS;
  signal(record, "SIGTERM");
  while (isRunning(record) && performance.now() < deadline + KILL_WAIT_MS) {
    if (performance.now() > deadline) signal(record, "SIGKILL");
    await sleep(POLL_MS);
  }
}

function exitOf(child: ChildProcess): Promise<NonNullable<RunnerRecord["exit"]>> {
  return new Promise((resolve) => child.once("exit", (status, signal) => resolve({ status, signal })));
}

function signal(record: RunnerRecord, name: NodeJS.Signals): void {
  if (!isRunning(record)) return;
  try {
    process.kill(record.pid, name);
  } catch {
    // It ended in between.
  }
}

function refusalOf({ trust, job }: DispatchRequest): string | null {
  if (trust === "fork")
    return "attempts of forks need isolation, and local processes give none; use another dispatcher";
  const { isolation } = job.runner;
  if (isolation === "container" || isolation === "vm")
    return `the job asks for isolation "${isolation}", and local processes give none`;
  return null;
}

function backendRef(record: RunnerRecord): string {
  return `pid:${record.pid}`;
}

function unknown(detail: string) {
  return { status: "unknown", detail, retryAfterMs: RETRY_MS } as const;
}

function seen(attemptId: AttemptId, state: Observation["state"], detail: string | null): Observation {
  return { attemptId, state, detail, exitCode: null, outOfMemory: false };
}

function exited(attemptId: AttemptId, { exit }: RunnerRecord): Observation {
  if (exit === null) return seen(attemptId, "exited", "the runner has ended; nobody saw how");
  if (exit.signal !== null) return seen(attemptId, "exited", `the runner was ended by ${exit.signal}`);
  const name = Object.entries(RUNNER_EXIT).find(([, status]) => status === exit.status)?.[0];
  const detail = `the runner ended with status ${exit.status} (${name ?? "unknown"})`;
  return { ...seen(attemptId, "exited", detail), exitCode: exit.status };
}
