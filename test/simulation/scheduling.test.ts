import { expect, test } from "vitest";
import { checkNeeds, passed, type JobProgress } from "../../control-plane/scheduler/needs.ts";
import { ATTEMPTS_MAX, POISON_LOSSES } from "../../schemas/limits.ts";
import { REASONS, type Reason } from "../../schemas/reasons.ts";
import { ATTEMPT_TRANSITIONS, isTerminal, JOB_TRANSITIONS, RUN_TRANSITIONS } from "../../schemas/states.ts";
import {
  end,
  liveAttempts,
  modelRun,
  step,
  type ModelJob,
  type ModelRun,
} from "../control-plane/scheduler/run-model.ts";
import { randomJobs } from "./random-plan.ts";
import { seededRandom, seeds, type Random } from "./random.ts";

const STEPS_MAX = 120;
const RUN_TIMEOUT = 5_000_000;

/** How an attempt may end, with the exit codes that matter to retries and leniency. */
const ENDS = [
  ["succeeded", "ok", 0],
  ["succeeded", "ok", 0],
  ["failed", "step_failed", 1],
  ["failed", "step_failed", 2],
  ["timed_out", "step_timeout", null],
  ["lost", "runner_lost", null],
  ["failed", "runner_error", null],
  ["failed", "checkout_failed", null],
  ["failed", "dispatch_failed", null],
] as const;

interface Moment {
  now: number;
}

/** One thing happens in the world outside: time goes by, a runner claims or ends, a person cancels. */
function happen(run: ModelRun, random: Random, moment: Moment): void {
  moment.now += random.below(30_000);
  const attempt = liveAttempts(run).find(() => random.chance(0.5));
  if (random.chance(0.02) && run.state !== "cancel_requested") {
    run.state = "cancel_requested";
    run.cancelReason = "canceled_by_user";
    return;
  }
  if (attempt === undefined || attempt.state === "created") {
    return;
  }
  const job = run.jobs.find(({ attempts }) => attempts.includes(attempt)) as ModelJob;
  if (attempt.state === "queued") {
    attempt.state = random.chance(0.8) ? "dispatched" : attempt.state;
    attempt.queueDeadlineAt = random.chance(0.1) ? moment.now + 1 : null;
    attempt.claimDeadlineAt = random.chance(0.2) ? moment.now + 1 : null;
  } else if (attempt.state === "dispatched" && random.chance(0.7)) {
    attempt.state = "running";
    attempt.deadlineAt = random.chance(0.2) ? moment.now + 1 : moment.now + 100_000;
  } else if (attempt.state === "cancel_requested") {
    if (random.chance(0.5)) {
      end(
        run,
        job.key,
        attempt.cancelReason === "run_timeout" ? "timed_out" : "canceled",
        attempt.cancelReason ?? "canceled_run",
      );
    }
  } else if (attempt.state === "running") {
    const [state, reason, exitCode] = random.pick(ENDS);
    end(run, job.key, state, reason, exitCode);
  }
}

/** Plays one history and gives back how its run ended. */
function simulate(seed: number): string {
  const random = seededRandom(seed);
  const leftOut = random.chance(0.3) ? ["x"] : [];
  const run = modelRun(randomJobs(random, leftOut), leftOut);
  const moment = { now: 0 };
  run.deadlineAt = random.chance(0.5) ? random.below(400_000) : RUN_TIMEOUT;
  for (let turn = 0; turn < STEPS_MAX && !isTerminal(RUN_TRANSITIONS, run.state); turn++) {
    advanceAndCheck(run, moment.now);
    happen(run, random, moment);
  }
  // The world falls silent: deadlines alone must end what is left.
  for (let turn = 0; turn < 10 && !isTerminal(RUN_TRANSITIONS, run.state); turn++) {
    moment.now += RUN_TIMEOUT;
    advanceAndCheck(run, moment.now);
  }
  expect(isTerminal(RUN_TRANSITIONS, run.state), "the run ends though nobody answers (I14)").toBe(true);
  expect(liveAttempts(run), "nothing outlives its run").toEqual([]);
  checkOutcome(run);
  return run.state;
}

function advanceAndCheck(run: ModelRun, now: number): void {
  const stopping = run.state === "cancel_requested" || (run.deadlineAt ?? Infinity) <= now;
  const decisions = step(run, now);
  expect(step(run, now), "what is decided once is not decided again").toEqual([]);
  const created = decisions.filter(({ decide }) => decide === "create_attempt");
  expect(stopping ? created : [], "nothing starts in a run that is being stopped (I12)").toEqual([]);
  const progress = new Map<string, JobProgress>();
  for (const job of run.jobs) {
    checkAttempts(job);
    if (job.attempts.length > 0) {
      expect(
        checkNeeds(job.plan?.needs ?? [], progress).needs,
        "a job starts when its needs are met (I16)",
      ).toBe("met");
    }
    const { key, state, reason, plan } = job;
    progress.set(key, { key, state, reason, plan, exitCode: job.attempts.at(-1)?.exitCode ?? null });
  }
}

/** Retries stay in their bounds, losses and failures counted apart (I13), and only the last attempt lives (I4). */
function checkAttempts(job: ModelJob): void {
  const blames = job.attempts.map(({ reason }) => (reason === null ? "alive" : REASONS[reason].blame));
  expect(job.attempts.map(({ number }) => number)).toEqual(job.attempts.map((_, index) => index + 1));
  expect(job.attempts.length).toBeLessThanOrEqual(ATTEMPTS_MAX);
  expect(blames.filter((blame) => blame === "user").length).toBeLessThanOrEqual(
    1 + (job.plan?.retry.max ?? 0),
  );
  expect(blames.join(" ")).not.toMatch(new RegExp(`(infra ?){${POISON_LOSSES + 1}}`));
  expect(job.attempts.slice(0, -1).every(({ state }) => isTerminal(ATTEMPT_TRANSITIONS, state))).toBe(true);
}

/** A run that nobody stopped succeeds if and only if all its required jobs did, or were left out (I16). */
function checkOutcome(run: ModelRun): void {
  const reasons = run.jobs.map(({ reason }) => reason as Reason);
  expect(run.jobs.every(({ state }) => isTerminal(JOB_TRANSITIONS, state))).toBe(true);
  if (run.state !== "succeeded" && run.state !== "failed") {
    expect(run.state === "canceled" || reasons.includes("run_timeout")).toBe(true);
    return;
  }
  const bad = run.jobs.filter((job) => {
    const exitCode = job.attempts.at(-1)?.exitCode ?? null;
    return job.required && job.state !== "skipped" && !passed({ ...job, exitCode });
  });
  expect(run.state === "succeeded").toBe(bad.length === 0);
}

test("scheduling keeps its promises in thousands of histories", () => {
  const outcomes = new Set<string>();
  for (const seed of seeds(1_000)) {
    try {
      outcomes.add(simulate(seed));
    } catch (error) {
      throw new Error(`seed ${seed} (DELTA_SIMULATION_SEED=${seed}): ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  if (process.env["DELTA_SIMULATION_SEED"] === undefined) {
    expect([...outcomes].toSorted()).toEqual(["canceled", "failed", "succeeded", "timed_out"]);
  }
});
