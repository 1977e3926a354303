import { randomUUID } from "node:crypto";
import type { MockTask } from "./mock-profile.ts";

/** The slice of a job body that the fake acts on; the rest is kept and given back. */
export interface FakeJobBody {
  readonly ID: string;
  readonly Meta?: Record<string, string> | null;
  readonly NodePool?: string;
  readonly Namespace?: string;
  readonly Stop?: boolean;
  readonly TaskGroups: readonly {
    readonly Name: string;
    readonly Count: number;
    readonly EphemeralDisk?: { readonly SizeMB: number };
    readonly Tasks: readonly {
      readonly Name: string;
      readonly Config?: MockTask;
      readonly Resources: { readonly MemoryMB: number };
    }[];
  }[];
}

interface FakeAllocation {
  readonly id: string;
  readonly createIndex: number;
  desired: "run" | "stop";
  client: "pending" | "running" | "complete" | "failed" | "lost";
  clientDescription: string;
  events: { Type: string; DisplayMessage: string; Details: Record<string, string> }[];
  timer: NodeJS.Timeout | null;
}

export interface FakeJob {
  readonly body: FakeJobBody;
  readonly createIndex: number;
  modifyIndex: number;
  summaryIndex: number;
  stop: boolean;
  isBlocked: boolean;
  readonly evaluations: { id: string; status: string; createIndex: number; isBlocked: boolean }[];
  readonly allocations: FakeAllocation[];
}

const START_MS = 5;

/**
 * Nomad's rules as nomad/ relies on them, for one server and one node of the pool "default": a name
 * is taken until the record is collected; a job that finds no memory waits in a blocked evaluation;
 * a killed task reads `complete`; a job is dead as soon as its allocations are asked to stop, while
 * they still run.
 */
export class FakeNomadState {
  readonly jobs = new Map<string, FakeJob>();
  readonly onChange: (index: number, job: string) => void;
  index = 10;
  memoryMegabytes = 4_096;

  constructor(onChange: (index: number, job: string) => void) {
    this.onChange = onChange;
  }

  register(body: FakeJobBody): { evalId: string; index: number } {
    const job: FakeJob = {
      body,
      createIndex: this.#next(body.ID),
      modifyIndex: this.index,
      summaryIndex: this.index,
      stop: body.Stop === true,
      isBlocked: false,
      evaluations: [],
      allocations: [],
    };
    this.jobs.set(body.ID, job);
    const evalId = this.#evaluation(job, "complete", false);
    if (!job.stop) this.#place(job);
    return { evalId, index: job.createIndex };
  }

  /** Empty text for a job nobody knows, as Nomad answers. */
  deregister(name: string): string {
    const job = this.jobs.get(name);
    if (job === undefined) return "";
    job.stop = true;
    job.isBlocked = false;
    for (const evaluation of job.evaluations) if (evaluation.isBlocked) evaluation.status = "canceled";
    for (const allocation of job.allocations) this.#stopAllocation(job, allocation);
    this.#touch(job);
    return this.#evaluation(job, "complete", false);
  }

  statusOf(job: FakeJob): "pending" | "running" | "dead" {
    const live = job.allocations.some((one) => one.desired === "run" && !isEnded(one));
    if (live) return "running";
    return job.isBlocked ? "pending" : "dead";
  }

  /** The task ends by itself, as if its time were up. */
  endTask(name: string): void {
    const job = this.jobs.get(name);
    for (const one of job?.allocations ?? []) {
      if (one.timer) clearTimeout(one.timer);
      if (job !== undefined && !isEnded(one)) this.#end(job, one, "complete");
    }
  }

  /** What the operators' GC does with what is dead. */
  collect(): void {
    for (const [name, job] of this.jobs) if (this.statusOf(job) === "dead") this.jobs.delete(name);
  }

  close(): void {
    for (const job of this.jobs.values())
      for (const one of job.allocations) if (one.timer) clearTimeout(one.timer);
  }

  #place(job: FakeJob): void {
    const task = job.body.TaskGroups[0]?.Tasks[0];
    const wanted = task?.Resources.MemoryMB ?? 0;
    if (wanted > this.memoryMegabytes - this.#used()) {
      if (!job.isBlocked) this.#evaluation(job, "blocked", true);
      job.isBlocked = true;
      return;
    }
    job.isBlocked = false;
    const allocation: FakeAllocation = {
      id: randomUUID(),
      createIndex: this.#next(job.body.ID),
      desired: "run",
      client: "pending",
      clientDescription: "",
      events: [],
      timer: null,
    };
    job.allocations.push(allocation);
    this.#touch(job);
    allocation.timer = setTimeout(() => this.#begin(job, allocation, task?.Config ?? {}), START_MS);
  }

  #begin(job: FakeJob, allocation: FakeAllocation, task: MockTask): void {
    if (task.start_error !== undefined) {
      allocation.events.push({ Type: "Driver Failure", DisplayMessage: task.start_error, Details: {} });
      this.#end(job, allocation, "failed");
      return;
    }
    allocation.client = "running";
    allocation.events.push({ Type: "Started", DisplayMessage: "Task started by client", Details: {} });
    this.#touch(job);
    const code = task.exit_code ?? 0;
    allocation.timer = setTimeout(
      () => {
        const DisplayMessage = `Exit Code: ${code}`;
        const Details = { exit_code: String(code), oom_killed: "false", signal: "0" };
        allocation.events.push({ Type: "Terminated", DisplayMessage, Details });
        this.#end(job, allocation, code === 0 ? "complete" : "failed");
      },
      millisecondsOf(task.run_for ?? "0ms"),
    );
  }

  #stopAllocation(job: FakeJob, allocation: FakeAllocation): void {
    if (allocation.desired === "stop" || isEnded(allocation)) return;
    allocation.desired = "stop";
    if (allocation.timer) clearTimeout(allocation.timer);
    const after = millisecondsOf(job.body.TaskGroups[0]?.Tasks[0]?.Config?.kill_after ?? "0ms");
    allocation.timer = setTimeout(() => {
      allocation.events.push({ Type: "Killed", DisplayMessage: "Task successfully killed", Details: {} });
      this.#end(job, allocation, "complete");
    }, after + START_MS);
  }

  #end(job: FakeJob, allocation: FakeAllocation, client: FakeAllocation["client"]): void {
    allocation.client = client;
    allocation.timer = null;
    this.#touch(job);
    for (const other of this.jobs.values()) if (other.isBlocked) this.#place(other);
  }

  #used(): number {
    return [...this.jobs.values()]
      .filter((job) => job.allocations.some((one) => !isEnded(one)))
      .reduce((sum, job) => sum + (job.body.TaskGroups[0]?.Tasks[0]?.Resources.MemoryMB ?? 0), 0);
  }

  #evaluation(job: FakeJob, status: string, isBlocked: boolean): string {
    const id = randomUUID();
    job.evaluations.push({ id, status, createIndex: this.#next(job.body.ID), isBlocked });
    return id;
  }

  #touch(job: FakeJob): void {
    job.summaryIndex = this.#next(job.body.ID);
    job.modifyIndex = this.index;
  }

  #next(name: string): number {
    this.index += 1;
    this.onChange(this.index, name);
    return this.index;
  }
}

export function isEnded(allocation: Pick<FakeAllocation, "client">): boolean {
  return allocation.client === "complete" || allocation.client === "failed";
}

function millisecondsOf(duration: string): number {
  const match = /^(\d+)(ms|s|m|h)$/.exec(duration);
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match?.[2] ?? ""];
  if (match === null || unit === undefined) throw new Error(`"${duration}" is not a duration the fake knows`);
  // A Node timer fires at once past 2^31 ms.
  return Math.min(Number(match[1]) * unit, 2 ** 31 - 1);
}
