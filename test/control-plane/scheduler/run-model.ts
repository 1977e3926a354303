import { advance } from "../../../control-plane/scheduler/advance.ts";
import type { RunDecision } from "../../../control-plane/scheduler/decision.ts";
import type {
  AttemptSnapshot,
  JobSnapshot,
  RunSnapshot,
} from "../../../control-plane/scheduler/run-snapshot.ts";
import type { AttemptId, JobId } from "../../../schemas/ids.ts";
import type { PlanJob } from "../../../schemas/plan.ts";
import type { Reason } from "../../../schemas/reasons.ts";
import {
  ATTEMPT_TRANSITIONS,
  isTerminal,
  JOB_TRANSITIONS,
  mayFollow,
  RUN_TRANSITIONS,
  type AttemptState,
  type TerminalAttemptState,
} from "../../../schemas/states.ts";

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
export type ModelAttempt = Mutable<AttemptSnapshot>;
export type ModelJob = Omit<Mutable<JobSnapshot>, "attempts"> & { attempts: ModelAttempt[] };
export type ModelRun = Omit<Mutable<RunSnapshot>, "jobs"> & { jobs: ModelJob[] };

/** A run in memory: decisions are carried out on it as the lifecycle does on rows, and as strictly. */
export function modelRun(jobs: readonly PlanJob[], skipped: readonly string[] = []): ModelRun {
  return {
    state: "queued",
    deadlineAt: null,
    cancelReason: null,
    cancelDetail: null,
    jobs: [...skipped.map((key) => modelJob(key, null)), ...jobs.map((job) => modelJob(job.key, job))],
  };
}

function modelJob(key: string, plan: PlanJob | null): ModelJob {
  return {
    id: `job ${key}` as JobId,
    key,
    required: plan?.required ?? true,
    state: plan === null ? "skipped" : "waiting",
    reason: plan === null ? "not_selected" : null,
    plan,
    attempts: [],
  };
}

/** Advances the run at that moment and gives back what was decided. */
export function step(run: ModelRun, now: number): readonly RunDecision[] {
  const decisions = advance(run, now);
  for (const decision of decisions) {
    carryOut(run, decision, now);
  }
  return decisions;
}

function carryOut(run: ModelRun, decision: RunDecision, now: number): void {
  switch (decision.decide) {
    case "create_attempt": {
      const job = jobOf(run, decision.job);
      expectTrue(
        job.attempts.every(({ state }) => isTerminal(ATTEMPT_TRANSITIONS, state)),
        "one live attempt per job",
      );
      const due = decision.notBefore <= now;
      job.attempts.push(newAttempt(job, decision.number, decision.notBefore, due));
      job.state = "active";
      return;
    }
    case "queue_attempt":
      return moveAttempt(run, decision.attempt, "created", "queued");
    case "ask_to_stop": {
      moveAttempt(run, decision.attempt, decision.from, "cancel_requested");
      const attempt = attemptOf(run, decision.attempt);
      attempt.cancelReason = decision.reason;
      attempt.cancelDeadlineAt = now + 10;
      return;
    }
    case "end_attempt":
      moveAttempt(run, decision.attempt, decision.from, decision.state);
      attemptOf(run, decision.attempt).reason = decision.reason;
      return;
    case "end_job": {
      const job = jobOf(run, decision.job);
      expectTrue(
        job.state === decision.from && mayFollow(JOB_TRANSITIONS, job.state, decision.state),
        "job move",
      );
      job.state = decision.state;
      job.reason = decision.reason;
      return;
    }
    case "end_run":
      expectTrue(
        mayFollow(RUN_TRANSITIONS, run.state, decision.state),
        `run ${run.state} to ${decision.state}`,
      );
      run.state = decision.state;
      return;
    default:
      decision satisfies never;
  }
}

function newAttempt(job: ModelJob, number: number, notBefore: number, due: boolean): ModelAttempt {
  return {
    id: `${job.key} ${number}` as AttemptId,
    number,
    state: due ? "queued" : "created",
    reason: null,
    detail: null,
    exitCode: null,
    notBefore,
    queueDeadlineAt: null,
    claimDeadlineAt: null,
    deadlineAt: null,
    cancelDeadlineAt: null,
    cancelReason: null,
  };
}

function moveAttempt(run: ModelRun, id: AttemptId, from: AttemptState, to: AttemptState): void {
  const attempt = attemptOf(run, id);
  expectTrue(attempt.state === from, `${id} is ${attempt.state}, not ${from}`);
  expectTrue(mayFollow(ATTEMPT_TRANSITIONS, from, to), `${id} from ${from} to ${to}`);
  attempt.state = to;
}

export function liveAttempts(run: ModelRun): ModelAttempt[] {
  return run.jobs
    .flatMap(({ attempts }) => attempts)
    .filter(({ state }) => !isTerminal(ATTEMPT_TRANSITIONS, state));
}

/** The last attempt of the job ends, as by its runner's word. */
export function end(
  run: ModelRun,
  key: string,
  state: TerminalAttemptState,
  reason: Reason,
  exitCode: number | null = null,
): void {
  const attempt = run.jobs.find((job) => job.key === key)?.attempts.at(-1);
  if (attempt === undefined || isTerminal(ATTEMPT_TRANSITIONS, attempt.state)) {
    throw new Error(`${key} has no live attempt`);
  }
  Object.assign(attempt, { state, reason, exitCode });
}

export function stateOf(run: ModelRun): Record<string, string> {
  return Object.fromEntries(
    run.jobs.map((job) => [job.key, job.reason === null ? job.state : `${job.state}: ${job.reason}`]),
  );
}

function jobOf(run: ModelRun, id: JobId): ModelJob {
  return run.jobs.find((job) => job.id === id) as ModelJob;
}

function attemptOf(run: ModelRun, id: AttemptId): ModelAttempt {
  return run.jobs.flatMap(({ attempts }) => attempts).find((attempt) => attempt.id === id) as ModelAttempt;
}

function expectTrue(holds: boolean, what: string): void {
  if (!holds) {
    throw new Error(`a decision broke a rule: ${what}`);
  }
}
