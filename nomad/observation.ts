import type { Observation } from "../schemas/dispatcher.ts";
import type { AttemptId } from "../schemas/ids.ts";
import type { AllocationStub, EvaluationStub, TaskEvent } from "./api-types.ts";
import { GROUP_NAME, TASK_NAME } from "./job-body.ts";
import { placementWords } from "./placement-words.ts";

type Seen = Omit<Observation, "attemptId">;

/** What Nomad lists for one of our jobs. Evaluations are read only where there is no allocation. */
export interface JobFacts {
  readonly isStopped: boolean;
  readonly isDead: boolean;
  readonly allocations: readonly AllocationStub[];
  readonly evaluations: readonly EvaluationStub[];
}

/** 128 and SIGKILL's number. */
const EXIT_CODE_KILLED = 137;
/** Not every driver tells who sent it. */
const KILLED_WORDS = "killed (SIGKILL): by the kernel at the task's memory limit, or by hand";
/** A failed start repeats every argument, which is long and hides why. */
const COMMAND_LINE = / --- args=\[.*\](?=:|$)/s;

const ENDED: readonly string[] = ["complete", "failed"];

/** The client itself says that nothing of the allocation runs any more. `lost` and `unknown` say the opposite: nobody knows. */
export function hasEnded(allocation: Pick<AllocationStub, "ClientStatus">): boolean {
  return ENDED.includes(allocation.ClientStatus);
}

/**
 * Nothing runs and nothing more will: no evaluation is open (a dead job), and the client of every
 * allocation has reported its end. A dead job alone says less: it counts allocations that Nomad
 * wants stopped as ended while their processes still run.
 */
export function isGone(facts: JobFacts): boolean {
  return facts.isDead && facts.allocations.every(hasEnded);
}

/** Nomad still means to place the job: a job with such an evaluation is neither stopped nor dead. */
export function isOpen({ Status }: Pick<EvaluationStub, "Status">): boolean {
  return Status === "blocked" || Status === "pending";
}

export function observationOf(attemptId: AttemptId, facts: JobFacts): Observation {
  const allocation = currentAllocation(facts.allocations);
  return { attemptId, ...(allocation === null ? withoutAllocation(facts) : withAllocation(allocation)) };
}

export function absent(attemptId: AttemptId): Observation {
  return { attemptId, state: "absent", detail: null, exitCode: null, outOfMemory: false };
}

/** A job of ours has one allocation, unless Nomad replaced a lost one: then the newest that lives counts. */
function currentAllocation(allocations: readonly AllocationStub[]): AllocationStub | null {
  const newestFirst = [...allocations].sort((a, b) => b.CreateIndex - a.CreateIndex);
  return newestFirst.find((one) => !hasEnded(one)) ?? newestFirst[0] ?? null;
}

function withoutAllocation(facts: JobFacts): Seen {
  if (facts.isStopped) return exited("stopped before Nomad placed it");
  if (facts.isDead) return exited("ended; Nomad no longer has its allocation");
  const [latest] = [...facts.evaluations].sort((a, b) => b.CreateIndex - a.CreateIndex);
  const failure = facts.evaluations
    .toSorted((a, b) => b.CreateIndex - a.CreateIndex)
    .map((evaluation) => evaluation.FailedTGAllocs?.[GROUP_NAME])
    .find((found) => found !== undefined);
  if (failure !== undefined) return pending(placementWords(failure));
  if (latest?.Status === "failed" || latest?.Status === "canceled") {
    return pending(`Nomad's scheduler gave up for now: ${latest.StatusDescription ?? latest.Status}`);
  }
  return pending("waiting for Nomad's scheduler");
}

function withAllocation(allocation: AllocationStub): Seen {
  const node = allocation.NodeName ?? "unknown";
  const events = allocation.TaskStates?.[TASK_NAME]?.Events ?? [];
  switch (allocation.ClientStatus) {
    case "pending":
      return pending(`placed on node ${node}: ${startingWords(events)}`);
    case "running":
      return { ...pending(`on node ${node}`), state: "running" };
    case "unknown":
      return {
        ...pending(`Nomad lost contact with node ${node}; the runner may still work there`),
        state: "running",
      };
    case "lost":
      return exited(`node ${node} was lost to Nomad`);
    default:
      return exitedWith(allocation, events);
  }
}

/** The Docker driver's words for an image that its registry does not give, or not in time. */
const UNFETCHED = /failed to pull/i;

/** The newest event that tells a person something; clients report them in the order they happened. */
function startingWords(events: readonly TaskEvent[]): string {
  const last = events.findLast((event) => (event.DisplayMessage ?? "") !== "");
  if (last === undefined) return "its client has not reported yet";
  if (/download(ing)? image|pulling image/i.test(last.DisplayMessage ?? ""))
    return "the image is being pulled";
  return (last.DisplayMessage ?? "").trim();
}

function exitedWith(allocation: AllocationStub, events: readonly TaskEvent[]): Seen {
  const ended = events.findLast((event) => event.Type === "Terminated");
  const exitCode = wholeNumber(ended?.Details?.["exit_code"]);
  const outOfMemory = ended?.Details?.["oom_killed"] === "true";
  const failure = events.findLast((event) => /Fail(ed|ure)/.test(event.Type));
  const detail =
    (outOfMemory ? "killed: out of memory" : null) ??
    failure?.DisplayMessage?.replace(COMMAND_LINE, "") ??
    (allocation.DesiredStatus === "stop"
      ? `stopped: ${allocation.DesiredDescription || "by request"}`
      : null) ??
    (/max_run_duration/.test(allocation.ClientDescription ?? "") ? allocation.ClientDescription : null) ??
    (exitCode === EXIT_CODE_KILLED ? KILLED_WORDS : null) ??
    ended?.DisplayMessage ??
    allocation.ClientDescription ??
    null;
  const isUnfetched = failure?.Type === "Driver Failure" && UNFETCHED.test(failure.DisplayMessage ?? "");
  return {
    state: "exited",
    detail: detail ?? null,
    exitCode,
    outOfMemory,
    ...(isUnfetched && { start: "no_image" as const }),
  };
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^-?\d{1,9}$/.test(text) ? Number(text) : null;
}

function pending(detail: string): Seen {
  return { state: "pending", detail, exitCode: null, outOfMemory: false };
}

function exited(detail: string): Seen {
  return { state: "exited", detail, exitCode: null, outOfMemory: false };
}
