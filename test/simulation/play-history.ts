import { requestCancel } from "../../control-plane/lifecycle/index.ts";
import { admitAttempts } from "../../control-plane/tasks/admit-attempts.ts";
import { createDispatching } from "../../control-plane/tasks/dispatch-attempts.ts";
import { createObserving } from "../../control-plane/tasks/observe-attempts.ts";
import { stopAttempt } from "../../control-plane/tasks/stop-attempt.ts";
import { sweep } from "../../control-plane/tasks/sweep.ts";
import type { RunId } from "../../schemas/ids.ts";
import { isTerminal, RUN_TRANSITIONS } from "../../schemas/states.ts";
import { TEST_AUTHOR, TEST_TIMING, type World } from "../support/control-plane-world.ts";
import { leftOut, testPlan } from "../support/plans.ts";
import { ArtifactDriver } from "./artifact-driver.ts";
import { HistoryChecker, hold } from "./history-checker.ts";
import { randomJobs } from "./random-plan.ts";
import { seededRandom, type Random } from "./random.ts";
import { RunnerDriver } from "./runner-driver.ts";

interface Stage {
  readonly world: World;
  readonly run: RunId;
  readonly random: Random;
  readonly runners: RunnerDriver;
}

/** Rounds of silence after which everything must have ended by its deadline. */
const SILENT_ROUNDS_MAX = 12;

/**
 * Plays one history on real rows: runners, backends, sweepers and people act at random, alone and at
 * once, and the promises are checked after every step. Throws a Violation when one is broken.
 */
export async function playHistory(world: World, seed: number, steps: number): Promise<string> {
  const random = seededRandom(seed);
  const skipped = random.chance(0.3) ? [leftOut("x")] : [];
  const jobs = randomJobs(
    random,
    skipped.map(({ key }) => key),
    4,
  );
  const plan = testPlan(jobs, { leftOut: skipped });
  const run = await world.planned(plan);
  const stage: Stage = { world, run, random, runners: new RunnerDriver(world, random) };
  const checker = new HistoryChecker(world.database, run, plan);
  // With dice of their own, so that they leave the history of a seed as it is.
  const dice = seededRandom(seed + 1);
  const artifacts = new ArtifactDriver(world, dice);
  for (let step = 0; step < steps; step++) {
    await act(stage);
    if (dice.chance(0.3)) await artifacts.storeChecked(stage.runners.leases);
    await checker.check();
  }
  for (let round = 0; round < SILENT_ROUNDS_MAX && !(await hasEnded(stage)); round++) {
    await fallSilent(stage);
    await checker.check();
  }
  hold(await hasEnded(stage), "I14: a run of which nobody speaks ends by its deadlines");
  return (await world.run(run)).state;
}

async function act(stage: Stage): Promise<void> {
  const { random, runners, run } = stage;
  if (random.chance(0.2)) {
    const together = Array.from({ length: 2 + random.below(3) }, () => random.pick(ALONE_OR_AT_ONCE));
    await Promise.all(together.map((action) => action(stage)));
  } else if (random.chance(0.4)) {
    await (random.chance(0.75) ? runners.sendChecked(run) : runners.repeatChecked(run));
  } else {
    await random.pick(ALONE_OR_AT_ONCE)(stage);
  }
}

type Action = (stage: Stage) => Promise<unknown>;

const claim: Action = async ({ world, run, random, runners }) => {
  const attempts = await world.attempts(run);
  if (attempts.length > 0) {
    const { id } = random.chance(0.7) ? (attempts.at(-1) ?? random.pick(attempts)) : random.pick(attempts);
    const answer = await world.claim(id, random.pick(["a", "b"]).repeat(22));
    if (answer.status === "granted") {
      const { token, epoch, id: lease } = answer.reply.lease;
      const seqs = runners.leases.find((known) => known.id === lease)?.seqs;
      runners.leases.push({
        id: lease,
        token,
        epoch,
        seqs: seqs ?? { ack: 0, heartbeat: 0, complete: 0, cancel_ack: 0 },
      });
    }
  }
};

const timePasses: Action = async ({ world, run, random }) => {
  const attempts = await world.attempts(run);
  const attempt = attempts.at(-1);
  const column = random.pick([
    "dispatch_at",
    "queue_deadline_at",
    "claim_deadline_at",
    "deadline_at",
    "cancel_deadline_at",
    "not_before",
  ]);
  if (attempt !== undefined) {
    await world.database`
      update delta.attempts set ${world.database(column)} = clock_timestamp() - interval '1 second'
      where id = ${attempt.id} and ${world.database(column)} is not null`;
  }
};

const leaseRunsOut: Action = async ({ world, random, runners }) => {
  if (runners.leases.length > 0) {
    await world.letPass("leases", random.pick(runners.leases).id, "expires_at");
  }
};

const sweepNow: Action = ({ world: { database, context } }) =>
  sweep({
    database,
    timing: { intervalMs: 1, outageMs: 600_000, ttlMs: TEST_TIMING.ttlMs },
    log: context.log,
  });

const advance: Action = ({ world, run }) => world.advance(run);

const dispatch: Action = async ({ world, random }) => {
  world.backend.answer = random.pick([
    { status: "accepted", backendRef: "backend" },
    { status: "accepted", backendRef: "backend" },
    { status: "accepted", backendRef: "backend" },
    { status: "unknown", detail: "no answer", retryAfterMs: 1 },
    { status: "refused", detail: "never" },
  ]);
  await admitAttempts(world.context);
  await createDispatching(world.context).dispatchDue();
};

const stop: Action = async ({ world, run, random }) => {
  world.backend.stopAnswer = random.pick([
    { status: "gone" },
    { status: "stopping" },
    { status: "unknown", detail: "no answer", retryAfterMs: 1 },
  ]);
  for (const { id, stopWanted } of await world.attempts(run)) {
    if (stopWanted) {
      await stopAttempt(world.context, id);
    }
  }
};

const observe: Action = async ({ world, random }) => {
  const state = random.pick(["pending", "running", "running", "exited", "absent"] as const);
  const seen = { state, detail: "seen", exitCode: null, outOfMemory: false };
  world.backend.observe = async (attempts) => attempts.map((attemptId) => ({ attemptId, ...seen }));
  await createObserving(world.context).pass();
};

const cancel: Action = async ({ world, run, random }) => {
  if (random.chance(0.15)) {
    await requestCancel(world.database, TEST_AUTHOR, run, "canceled_by_user");
  }
};

const ALONE_OR_AT_ONCE: readonly Action[] = [
  advance,
  advance,
  dispatch,
  dispatch,
  claim,
  claim,
  claim,
  ({ runners }) => runners.send(),
  timePasses,
  leaseRunsOut,
  sweepNow,
  stop,
  observe,
  cancel,
];

/** Nobody answers any more, and all deadlines go by. */
async function fallSilent(stage: Stage): Promise<void> {
  const { world, run } = stage;
  const { database } = world;
  const past = database`clock_timestamp() - interval '1 second'`;
  await database`update delta.runs set deadline_at = ${past} where id = ${run} and finalized_at is null`;
  await database`
    update delta.attempts set cancel_deadline_at = case when cancel_deadline_at is not null then ${past} end
    where run_id = ${run} and finalized_at is null`;
  await sweepNow(stage);
  await world.advance(run);
}

async function hasEnded({ world, run }: Stage): Promise<boolean> {
  return isTerminal(RUN_TRANSITIONS, (await world.run(run)).state);
}
