import { expect, test } from "vitest";
import { admitAttempts } from "../../../control-plane/tasks/admit-attempts.ts";
import { runnerOf, stateOf } from "../../support/concurrency-groups.ts";
import { createWorld } from "../../support/control-plane-world.ts";
import { testJob, testPlan } from "../../support/plans.ts";

const cell = (job: string, number: number) =>
  testJob(`${job}[n=${number}]`, { job, matrix: { n: number }, cells: { max: 2, fail_fast: false } });

test("a matrix runs as many cells at once as it allows, counted for each run and each job by itself", async () => {
  const world = await createWorld();
  const cells = [1, 2, 3, 4].map((number) => cell("test", number));
  const run = await world.planned(testPlan([...cells, cell("lint", 1)]));
  await world.advance(run);
  await Promise.all(Array.from({ length: 5 }, () => admitAttempts(world.context)));
  const states = async () => (await world.attempts(run)).map(({ state, pending }) => [state, pending]);
  const waits = ["queued", "waits for other cells of test: 2 of 2 at once (matrix.max)"];
  expect(await states()).toEqual([
    ["dispatched", null],
    ["dispatched", null],
    waits,
    waits,
    ["dispatched", null],
  ]);

  const again = await world.planned(testPlan(cells.slice(0, 1)));
  await world.dispatchAll(again);
  expect(await stateOf(world, again, "test[n=1]")).toEqual(["dispatched", null]);

  await (await runnerOf(world, run, "test[n=2]")).fail();
  await admitAttempts(world.context);
  expect((await states()).slice(2, 4)).toEqual([["dispatched", null], waits]);
});

test("a matrix with hundreds of waiting cells hides nobody else", async () => {
  const world = await createWorld();
  const cells = Array.from({ length: 250 }, (_, index) => cell("test", index));
  await world.dispatchAll(await world.planned(testPlan(cells)));
  const other = await world.planned(testPlan([testJob("other")]));
  await world.dispatchAll(other);
  expect(await stateOf(world, other, "other")).toEqual(["dispatched", null]);
});
