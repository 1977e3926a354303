import type { PlanJob } from "../../schemas/plan.ts";
import type { Reason } from "../../schemas/reasons.ts";
import {
  ATTEMPT_TRANSITIONS,
  isTerminal,
  JOB_TRANSITIONS,
  type JobState,
  RUN_TRANSITIONS,
  type TerminalAttemptState,
} from "../../schemas/states.ts";
import type { RunDecision, Stop } from "./decision.ts";
import { advanceAttempt } from "./advance-attempt.ts";
import { checkNeeds, passed, type JobProgress } from "./needs.ts";
import { decideRetry } from "./retry.ts";
import type { AttemptSnapshot, JobSnapshot, RunSnapshot } from "./run-snapshot.ts";
import { isClaimed } from "./started.ts";

/**
 * What must happen to a run now. Pure and total: the same snapshot and moment give the same
 * decisions in the same order, and once they are carried out there is nothing left to decide until
 * something else happens. `now` is the database's clock in milliseconds.
 */
export function advance(run: RunSnapshot, now: number): readonly RunDecision[] {
  if (isTerminal(RUN_TRANSITIONS, run.state) || run.state === "created" || run.state === "planning") {
    return [];
  }
  const decisions: RunDecision[] = [];
  const stop = whyStop(run, now);
  const jobs = new Map<string, JobProgress>();
  for (const job of run.jobs) {
    jobs.set(job.key, advanceJob(job, jobs, stop, now, decisions));
  }
  const end = endOfRun(run, [...jobs.values()]);
  return end === null ? decisions : [...decisions, end];
}

function whyStop(run: RunSnapshot, now: number): Stop | null {
  if (run.state === "cancel_requested") {
    const sparesStarted = run.cancelReason === "canceled_superseded";
    return { state: "canceled", reason: "canceled_run", sparesStarted };
  }
  return run.deadlineAt !== null && run.deadlineAt <= now
    ? { state: "timed_out", reason: "run_timeout", sparesStarted: false }
    : null;
}

function advanceJob(
  job: JobSnapshot,
  jobs: ReadonlyMap<string, JobProgress>,
  stop: Stop | null,
  now: number,
  decisions: RunDecision[],
): JobProgress {
  const { key, plan, reason } = job;
  const last = job.attempts.at(-1);
  if (plan === null || isTerminal(JOB_TRANSITIONS, job.state)) {
    return { key, plan, state: job.state, reason, exitCode: last?.exitCode ?? null };
  }
  const end = (
    state: Exclude<JobState, "waiting" | "active">,
    why: Reason,
    detail: string | null,
  ): JobProgress => {
    decisions.push({ decide: "end_job", job: job.id, from: job.state, state, reason: why, detail });
    return { key, plan, state, reason: why, exitCode: last?.exitCode ?? null };
  };
  const goOn = (state: JobState): JobProgress => ({ key, plan, state, reason: null, exitCode: null });
  if (last === undefined) {
    if (stop !== null) {
      return end(stop.state, stop.reason, null);
    }
    const answer = checkNeeds(plan.needs, jobs);
    if (answer.needs === "unmet") {
      return end("blocked", answer.reason, answer.detail);
    }
    if (answer.needs === "met") {
      decisions.push({ decide: "create_attempt", job: job.id, number: 1, notBefore: now });
    }
    return goOn(answer.needs === "met" ? "active" : "waiting");
  }
  const step = advanceAttempt(last, spares(stop, plan) && isClaimed(last.state) ? null : stop, now);
  decisions.push(...step.decisions);
  if (!isTerminal(ATTEMPT_TRANSITIONS, step.attempt.state)) {
    return goOn("active");
  }
  const attempts = [...job.attempts.slice(0, -1), step.attempt];
  const outcome = outcomeOfJob({ ...job, attempts }, step.attempt, stop);
  if (outcome.retry) {
    const notBefore = now + outcome.delayMs;
    decisions.push({ decide: "create_attempt", job: job.id, number: last.number + 1, notBefore });
    return goOn("active");
  }
  return end(outcome.state, outcome.reason, outcome.detail);
}

type JobOutcome =
  | { readonly retry: true; readonly delayMs: number }
  | {
      readonly retry: false;
      readonly state: "succeeded" | "failed" | "canceled" | "timed_out";
      readonly reason: Reason;
      readonly detail: string | null;
    };

/** What the end of a job's last attempt means for the job. */
function outcomeOfJob(job: JobSnapshot, last: AttemptSnapshot, stop: Stop | null): JobOutcome {
  const { reason, detail } = last;
  if (job.plan === null || reason === null) {
    throw new Error(`job ${job.key} has an attempt that ended without a reason`);
  }
  if (last.state === "succeeded") {
    return { retry: false, state: "succeeded", reason: "ok", detail: null };
  }
  if (last.state === "canceled") {
    return { retry: false, state: stop?.state ?? "canceled", reason: stop?.reason ?? reason, detail };
  }
  const state = JOB_STATE_OF_ATTEMPT[last.state as Exclude<TerminalAttemptState, "succeeded" | "canceled">];
  if (spares(stop, job.plan)) {
    return { retry: false, state, reason, detail };
  }
  if (stop !== null) {
    return reason === stop.reason || state === "failed"
      ? { retry: false, state: stop.state, reason: stop.reason, detail }
      : { retry: false, state, reason, detail };
  }
  const retry = decideRetry(job.plan, job.attempts);
  return retry.retry ? retry : { retry: false, state, reason: retry.reason, detail: retry.detail };
}

/** Whether the job, once it has started, goes on to its own end although its run is being stopped. */
function spares(stop: Stop | null, { interruptible }: PlanJob): boolean {
  return stop?.sparesStarted === true && !interruptible;
}

const JOB_STATE_OF_ATTEMPT = {
  failed: "failed",
  lost: "failed",
  timed_out: "timed_out",
} as const satisfies Partial<Record<TerminalAttemptState, JobState>>;

/** A run ends when all its jobs have; it succeeds if and only if every required job that the plan runs has passed. */
function endOfRun(run: RunSnapshot, jobs: readonly JobProgress[]): RunDecision | null {
  if (!jobs.every((job) => isTerminal(JOB_TRANSITIONS, job.state))) {
    return null;
  }
  if (run.state === "cancel_requested") {
    const reason = run.cancelReason ?? "canceled_by_user";
    return { decide: "end_run", state: "canceled", reason, detail: run.cancelDetail };
  }
  const late = jobs.filter((job) => job.reason === "run_timeout");
  if (late.length > 0) {
    return { decide: "end_run", state: "timed_out", reason: "run_timeout", detail: named(late) };
  }
  const required = new Set(run.jobs.filter((job) => job.required).map((job) => job.key));
  const missing = jobs.filter((job) => required.has(job.key) && job.state !== "skipped" && !passed(job));
  return missing.length > 0
    ? { decide: "end_run", state: "failed", reason: "required_job_failed", detail: named(missing) }
    : { decide: "end_run", state: "succeeded", reason: "ok", detail: null };
}

/** Names enough to act on; the run's page lists the rest. */
const NAMED_JOBS_MAX = 5;

function named(jobs: readonly JobProgress[]): string {
  const names = jobs.slice(0, NAMED_JOBS_MAX).map((job) => `${job.key} (${job.state})`);
  const more = jobs.length - names.length;
  return more > 0 ? `${names.join(", ")} and ${more} more` : names.join(", ");
}
