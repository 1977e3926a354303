import { describe, expect, test } from "vitest";
import { requestCancel } from "../../../control-plane/lifecycle/index.ts";
import { admitAttempts } from "../../../control-plane/tasks/admit-attempts.ts";
import { createDispatching } from "../../../control-plane/tasks/dispatch-attempts.ts";
import { sweep } from "../../../control-plane/tasks/sweep.ts";
import type { RunId } from "../../../schemas/ids.ts";
import { createWorld, TEST_AUTHOR, TEST_TIMING, type World } from "../../support/control-plane-world.ts";
import {
  deploy,
  deploying,
  endOf,
  GROUP,
  IN_USE,
  runnerOf,
  stateOf,
} from "../../support/concurrency-groups.ts";
import { needs, testEvent, testJob, testPlan } from "../../support/plans.ts";

describe("a concurrency group", () => {
  test("holds members of later runs back, says why, and lets the older run go first", async () => {
    const world = await createWorld();
    const first = await deploying(world);
    const slow = await world.planned(testPlan([testJob("build"), deploy({ needs: needs(["build"]) })]));
    await world.dispatchAll(slow);
    const third = await deploying(world);
    expect(await stateOf(world, third)).toEqual(["queued", IN_USE]);
    await (await runnerOf(world, slow, "build")).succeed();
    await world.dispatchAll(slow);
    expect(await stateOf(world, slow)).toEqual(["queued", IN_USE]);

    await (await runnerOf(world, first)).succeed();
    await admitAttempts(world.context);
    expect(await stateOf(world, slow)).toEqual(["dispatched", null]);
    expect(await stateOf(world, third)).toEqual([
      "queued",
      "waits for concurrency group deploy: 1 of 1 in use, by deploy of run 2",
    ]);
  });

  test("has as many members at once as its smallest limit, whoever asks at once", async () => {
    const world = await createWorld();
    const wide = { ...GROUP, limit: 2 };
    const runs = await Promise.all(
      Array.from({ length: 4 }, () => world.planned(testPlan([deploy({ concurrency: wide })]))),
    );
    for (const run of runs) await world.advance(run);
    await Promise.all(Array.from({ length: 5 }, () => admitAttempts(world.context)));
    const states = await Promise.all(runs.map(async (run) => (await stateOf(world, run))[0]));
    expect(states.filter((state) => state === "dispatched")).toHaveLength(2);

    const narrow = await deploying(world);
    expect((await stateOf(world, narrow))[1]).toContain("2 of 1 in use, the oldest by deploy of run 1");
  });

  test("of another repository's or a fork's run is another group", async () => {
    const world = await createWorld();
    await deploying(world);
    const fork = { ...testPlan([deploy()]), event: testEvent({ trust: "fork" }) };
    const run = await world.planned(fork);
    await world.dispatchAll(run);
    expect(await stateOf(world, run)).toEqual(["dispatched", null]);
  });

  test("keeps a place for a member that waits for something else", async () => {
    const world = await createWorld();
    const context = { ...world.context, poolCaps: { default: 100, small: 0 } };
    const runner = { ...deploy().runner, pool: "small" };
    const first = await world.planned(testPlan([deploy({ runner })]));
    const second = await world.planned(testPlan([deploy()]));
    for (const run of [first, second]) await world.advance(run);
    await admitAttempts(context);
    expect(await stateOf(world, first)).toEqual(["queued", "waits for room in pool small: 0 of 0 in use"]);
    expect(await stateOf(world, second)).toEqual([
      "queued",
      "waits for concurrency group deploy: deploy of run 1 is first and waits too",
    ]);
  });

  test("ends a wait at the job's queue_timeout, with what it waited for", async () => {
    const world = await createWorld();
    await deploying(world);
    const second = await deploying(world);
    const { id } = await world.attemptOf(second, "deploy");
    await world.letPass("attempts", id, "queue_deadline_at");
    expect(await endOf(world, second)).toEqual({
      state: "timed_out",
      reason: "queue_timeout",
      detail: IN_USE,
    });
    const third = await deploying(world);
    expect(await stateOf(world, third)).toEqual(["queued", IN_USE]);
  });

  test("with hundreds of members hides nobody else, and all of them say why they wait", async () => {
    const world = await createWorld();
    const many = Array.from({ length: 250 }, (_, index) => testJob(`m${index}`, { concurrency: GROUP }));
    const crowd = await world.planned(testPlan(many));
    const other = await world.planned(testPlan([testJob("other")]));
    await world.advance(crowd);
    await world.dispatchAll(other);
    expect(await stateOf(world, other, "other")).toEqual(["dispatched", null]);
    // Some were let in, so admission wakes itself for those that it has not looked at; it looks at the newest, too.
    expect(await admitAttempts(world.context)).toBe(false);
    const rows = await world.attempts(crowd);
    expect(rows.filter(({ state }) => state === "dispatched")).toHaveLength(1);
    const words = Map.groupBy(rows, ({ pending }) => pending);
    expect([...words].map(([why, waiting]) => [why, waiting.length])).toEqual([
      [null, 1],
      ["waits for concurrency group deploy: 1 of 1 in use, by m0 of run 1", 201],
      ["waits for concurrency group deploy: more than 200 come first", 48],
    ]);
  });
});

type Ending = (world: World, run: RunId) => Promise<unknown>;

async function sweepNow({ database, context }: World): Promise<void> {
  const timing = { intervalMs: 1, outageMs: 600_000, ttlMs: TEST_TIMING.ttlMs };
  await sweep({ database, timing, log: context.log });
}

async function deadlinePasses(world: World, run: RunId, column: string): Promise<void> {
  await world.letPass("attempts", (await world.attemptOf(run, "deploy")).id, column);
  await world.advance(run);
}

const ENDINGS: Readonly<Record<string, Ending>> = {
  success: async (world, run) => (await runnerOf(world, run)).succeed(),
  failure: async (world, run) => (await runnerOf(world, run)).fail(),
  "a cancel before the claim": ({ database }, run) =>
    requestCancel(database, TEST_AUTHOR, run, "canceled_by_user"),
  "a cancel that its runner confirms": async (world, run) => {
    const runner = await runnerOf(world, run);
    await requestCancel(world.database, TEST_AUTHOR, run, "canceled_by_user");
    await runner.confirmStop();
  },
  "a cancel that nobody confirms": async (world, run) => {
    await runnerOf(world, run);
    await requestCancel(world.database, TEST_AUTHOR, run, "canceled_by_user");
    await deadlinePasses(world, run, "cancel_deadline_at");
  },
  "a lease that runs out": async (world, run) => {
    await world.letPass("leases", (await runnerOf(world, run)).lease, "expires_at");
    await sweepNow(world);
  },
  "a claim that never comes": async (world, run) => {
    const { id } = await world.attemptOf(run, "deploy");
    await world.database`update delta.attempts set claim_deadline_at = now() where id = ${id}`;
    await world.advance(run);
  },
  "its queue_timeout": (world, run) => deadlinePasses(world, run, "queue_deadline_at"),
  "its timeout": async (world, run) => {
    await runnerOf(world, run);
    await deadlinePasses(world, run, "deadline_at");
  },
};

describe("a place in a group is free again after", () => {
  test.each(Object.entries(ENDINGS))("%s", async (_, ending) => {
    const world = await createWorld();
    const first = await deploying(world);
    const second = await deploying(world);
    expect(await stateOf(world, second)).toEqual(["queued", IN_USE]);
    await ending(world, first);
    await admitAttempts(world.context);
    expect(await stateOf(world, second)).toEqual(["dispatched", null]);
  });

  test("a backend that refuses the attempt", async () => {
    const world = await createWorld();
    world.backend.answer = { status: "refused", detail: "no such pool" };
    await deploying(world);
    world.backend.answer = { status: "accepted", backendRef: "x" };
    const second = await deploying(world);
    await createDispatching(world.context).dispatchDue();
    expect(await stateOf(world, second)).toEqual(["dispatched", null]);
  });

  test("a loss, whose next try stands in line before later runs", async () => {
    const world = await createWorld();
    const first = await deploying(world);
    const runner = await runnerOf(world, first);
    const second = await deploying(world);
    const third = await deploying(world);
    await world.letPass("leases", runner.lease, "expires_at");
    await sweepNow(world);
    await world.dispatchAll(first);
    expect(await stateOf(world, second)).toEqual(["dispatched", null]);
    await world.letPass("attempts", (await world.attemptOf(first, "deploy")).id, "not_before");
    await world.dispatchAll(first);
    await (await runnerOf(world, second)).succeed();
    await admitAttempts(world.context);
    expect(await stateOf(world, first)).toEqual(["dispatched", null]);
    expect((await stateOf(world, third))[0]).toBe("queued");
  });
});
