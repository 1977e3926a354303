import { describe, expect, test } from "vitest";
import { requestCancel } from "../../../control-plane/lifecycle/index.ts";
import { admitAttempts } from "../../../control-plane/tasks/admit-attempts.ts";
import type { RunId } from "../../../schemas/ids.ts";
import type { Plan, PlanConcurrency, PlanJob } from "../../../schemas/plan.ts";
import { deploy, endOf, runnerOf, stateOf } from "../../support/concurrency-groups.ts";
import { createWorld, TEST_AUTHOR, type World } from "../../support/control-plane-world.ts";
import { needs, testEvent, testJob, testPlan } from "../../support/plans.ts";

const GROUP = { group: "checks", limit: 1, on_conflict: "queue" } as const;
const IN_USE = "waits for concurrency group checks of its run: 1 of 1 in use, by run 1";

function planOf(jobs: readonly PlanJob[], conflict: PlanConcurrency["on_conflict"] = "queue"): Plan {
  return { ...testPlan(jobs), concurrency: { ...GROUP, on_conflict: conflict } };
}

async function started(world: World, plan: Plan): Promise<RunId> {
  const run = await world.planned(plan);
  await world.dispatchAll(run);
  return run;
}

const A = planOf([testJob("a")]);

describe("a concurrency group of runs", () => {
  test("is held by a run from its first attempt to its end, and then by the next older one", async () => {
    const world = await createWorld();
    const first = await started(world, planOf([testJob("a"), testJob("b", { needs: needs(["a"]) })]));
    const second = await started(world, A);
    const third = await started(world, A);
    expect(await stateOf(world, second, "a")).toEqual(["queued", IN_USE]);
    await (await runnerOf(world, first, "a")).succeed();
    await admitAttempts(world.context);
    expect(await stateOf(world, second, "a")).toEqual(["queued", IN_USE]);
    await world.dispatchAll(first);
    await (await runnerOf(world, first, "b")).succeed();
    await world.advance(first);
    await admitAttempts(world.context);
    expect(await stateOf(world, second, "a")).toEqual(["dispatched", null]);
    expect(await stateOf(world, third, "a")).toEqual(["queued", IN_USE.replace(/1$/, "2")]);
  });

  test("has room for its limit, whoever asks at once, and whole runs have it", async () => {
    const world = await createWorld();
    const jobs = [testJob("a"), testJob("b")];
    const runs: RunId[] = [];
    for (let run = 0; run < 3; run += 1) runs.push(await world.planned(planOf(jobs)));
    for (const run of runs) await world.advance(run);
    await Promise.all(Array.from({ length: 5 }, () => admitAttempts(world.context)));
    const states = await Promise.all(
      runs.map(async (run) => (await world.attempts(run)).map(({ state }) => state)),
    );
    expect(states).toEqual([
      ["dispatched", "dispatched"],
      ["queued", "queued"],
      ["queued", "queued"],
    ]);
  });

  test("keeps nobody from the groups of jobs while it is waited for, and is another than theirs", async () => {
    const world = await createWorld();
    const inBoth = { concurrency: { ...GROUP }, priority: 10 };
    const first = await started(
      world,
      planOf([testJob("a"), testJob("b", { ...inBoth, priority: 0, needs: needs(["a"]) })]),
    );
    const second = await started(world, planOf([testJob("a", inBoth)]));
    expect(await stateOf(world, second, "a")).toEqual(["queued", IN_USE]);
    await (await runnerOf(world, first, "a")).succeed();
    await world.dispatchAll(first);
    expect(await stateOf(world, first, "b")).toEqual(["dispatched", null]);
  });

  test("ends a wait at the queue_timeout of the job, with what it waited for", async () => {
    const world = await createWorld();
    await started(world, A);
    const second = await started(world, A);
    await world.letPass("attempts", (await world.attemptOf(second, "a")).id, "queue_deadline_at");
    expect(await endOf(world, second)).toEqual({
      state: "timed_out",
      reason: "queue_timeout",
      detail: IN_USE,
    });
  });

  test("with many waiting attempts hides nobody else", async () => {
    const world = await createWorld();
    await started(world, A);
    await started(world, planOf(Array.from({ length: 250 }, (_, index) => testJob(`m${index}`))));
    const other = await started(world, testPlan([testJob("other")]));
    expect(await stateOf(world, other, "other")).toEqual(["dispatched", null]);
  });

  test("with cancel_older cancels the older run, waits for its end and says by what it was ended", async () => {
    const world = await createWorld();
    const first = await started(world, planOf([testJob("a"), testJob("b")]));
    const runner = await runnerOf(world, first, "a");
    const second = await started(world, planOf([testJob("a")], "cancel_older"));
    expect(await world.attempts(first)).toMatchObject([
      { job: "a", state: "cancel_requested" },
      { job: "b", state: "canceled", reason: "canceled_run" },
    ]);
    expect(await stateOf(world, second, "a")).toEqual(["queued", `${IN_USE}, which is being stopped`]);
    await runner.confirmStop();
    await world.advance(first);
    expect(await world.run(first)).toEqual({
      state: "canceled",
      reason: "canceled_superseded",
      detail: "run 2 takes its place",
    });
    await admitAttempts(world.context);
    expect(await stateOf(world, second, "a")).toEqual(["dispatched", null]);
  });

  test("with latest lets one run run and the newest wait", async () => {
    const world = await createWorld();
    const latest = planOf([testJob("a")], "latest");
    const first = await started(world, latest);
    const second = await started(world, latest);
    const third = await started(world, latest);
    expect((await world.run(first)).state).toBe("queued");
    expect(await world.run(second)).toMatchObject({ state: "canceled", detail: "run 3 takes its place" });
    expect(await stateOf(world, third, "a")).toEqual(["queued", IN_USE]);
  });
});

describe("a run that makes way", () => {
  const deployment = [
    deploy({ interruptible: false, concurrency: null, retry: { max: 3, on: ["exit:1"], delay_ms: 0 } }),
  ];

  test.each(["succeed", "fail"] as const)(
    "lets a started job that is not interruptible %s, and does not try it again",
    async (end) => {
      const world = await createWorld();
      const first = await started(
        world,
        planOf([...deployment, testJob("after", { needs: needs(["deploy"]) })]),
      );
      const runner = await runnerOf(world, first);
      const second = await started(world, planOf([testJob("a")], "cancel_older"));
      expect((await stateOf(world, first))[0]).toBe("starting");
      expect((await stateOf(world, second, "a"))[1]).toContain("which is being stopped");
      await runner[end]();
      await world.advance(first);
      expect(await world.jobs(first)).toEqual({
        deploy: end === "succeed" ? "succeeded" : "failed",
        after: "canceled",
      });
      expect(await world.run(first)).toMatchObject({ state: "canceled", reason: "canceled_superseded" });
      await admitAttempts(world.context);
      expect(await stateOf(world, second, "a")).toEqual(["dispatched", null]);
    },
  );

  test("ends such a job that no runner has yet", async () => {
    const world = await createWorld();
    const first = await started(world, planOf(deployment));
    await started(world, planOf([testJob("a")], "cancel_older"));
    expect(await world.run(first)).toMatchObject({ state: "canceled", reason: "canceled_superseded" });
  });

  test("ends such a job too when a person cancels it", async () => {
    const world = await createWorld();
    const first = await started(world, planOf(deployment));
    const runner = await runnerOf(world, first);
    await started(world, planOf([testJob("a")], "cancel_older"));
    const cancel = () => requestCancel(world.database, TEST_AUTHOR, first, "canceled_by_user");
    expect(await cancel()).toBe("requested");
    expect((await stateOf(world, first))[0]).toBe("cancel_requested");
    expect(await cancel()).toBe("already_requested");
    await runner.confirmStop();
    await world.advance(first);
    expect(await world.run(first)).toEqual({ state: "canceled", reason: "canceled_by_user", detail: null });
  });
});

describe("cancel_superseded", () => {
  const yielding = (changes: Partial<Plan> = {}): Plan => ({
    ...testPlan([testJob("a")], { limits: { cancel_superseded: true } }),
    ...changes,
  });
  const CANCELED = { state: "canceled", reason: "canceled_superseded", detail: "run 2 takes its place" };

  test("cancels a run when a newer one of its ref has a plan, even one that runs nothing", async () => {
    const world = await createWorld();
    const first = await started(world, yielding());
    await world.planned(testPlan([]));
    await admitAttempts(world.context);
    expect(await world.run(first)).toEqual(CANCELED);
  });

  test("is what the older run asks for, not the newer one", async () => {
    const world = await createWorld();
    const first = await started(world, testPlan([testJob("a")]));
    await started(world, yielding());
    expect((await world.run(first)).state).toBe("queued");
  });

  test("lets a started job that is not interruptible end by itself", async () => {
    const world = await createWorld();
    const first = await started(world, yielding({ jobs: [testJob("a", { interruptible: false })] }));
    const runner = await runnerOf(world, first, "a");
    await started(world, yielding());
    await runner.succeed();
    await world.advance(first);
    expect(await world.run(first)).toEqual(CANCELED);
    expect(await world.jobs(first)).toEqual({ a: "succeeded" });
  });

  test.each([
    ["of another ref", { event: testEvent({ ref: "refs/heads/other" }) }, null],
    ["of a fork", { event: testEvent({ trust: "fork" }) }, null],
    ["that repeats an older one", {}, "rerun_of"],
    ["of named jobs alone", {}, "request"],
  ] as const)("is not for a newer run %s", async (_, changes, column) => {
    const world = await createWorld();
    const first = await started(world, yielding());
    const second = await world.planned(yielding(changes));
    const value = column === "rerun_of" ? first : world.database.json({ jobs: ["a"], all: false });
    if (column !== null) {
      await world.database`update delta.runs set ${world.database(column)} = ${value} where id = ${second}`;
    }
    await world.dispatchAll(second);
    expect((await world.run(first)).state).toBe("queued");
  });
});
