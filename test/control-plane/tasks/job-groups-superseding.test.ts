import { describe, expect, test } from "vitest";
import { jobTitle } from "../../../control-plane/checks/job-summary.ts";
import { inTransaction } from "../../../control-plane/db/in-transaction.ts";
import { withChange } from "../../../control-plane/lifecycle/change.ts";
import { requestCancel } from "../../../control-plane/lifecycle/index.ts";
import { supersedeAttempts } from "../../../control-plane/lifecycle/supersede.ts";
import { admitAttempts } from "../../../control-plane/tasks/admit-attempts.ts";
import { readRunView } from "../../../control-plane/views/read-run-view.ts";
import { jobItem } from "../../../control-plane/web/job-item.ts";
import { jobsTable } from "../../../cli/progress/run-text.ts";
import type { RunId } from "../../../schemas/ids.ts";
import {
  deploy,
  deploying,
  endOf,
  GROUP,
  IN_USE,
  runnerOf,
  stateOf,
} from "../../support/concurrency-groups.ts";
import { createWorld, TEST_AUTHOR, type World } from "../../support/control-plane-world.ts";
import { needs, testJob, testPlan } from "../../support/plans.ts";

const CANCEL_OLDER = { concurrency: { ...GROUP, on_conflict: "cancel_older" } } as const;
const LATEST = { concurrency: { ...GROUP, on_conflict: "latest" } } as const;

const superseded = (by: number) => ({
  state: "canceled",
  reason: "canceled_superseded",
  detail: `deploy of run ${by} takes its place`,
});

describe("cancel_older", () => {
  test("ends what no runner has at once, and gives the newer member its place", async () => {
    const world = await createWorld();
    const first = await deploying(world);
    const second = await deploying(world);
    const third = await deploying(world, CANCEL_OLDER);
    expect(await endOf(world, first)).toEqual(superseded(3));
    expect(await endOf(world, second)).toEqual(superseded(3));
    await admitAttempts(world.context);
    expect(await stateOf(world, third)).toEqual(["dispatched", null]);
    expect((await world.run(first)).state).toBe("failed");
  });

  test("tells a runner to stop and waits until it has", async () => {
    const world = await createWorld();
    const first = await deploying(world);
    const runner = await runnerOf(world, first);
    const second = await deploying(world, CANCEL_OLDER);
    expect((await stateOf(world, first))[0]).toBe("cancel_requested");
    expect(await stateOf(world, second)).toEqual(["queued", `${IN_USE}, which is being stopped`]);
    await runner.confirmStop();
    expect(await endOf(world, first)).toEqual(superseded(2));
    await admitAttempts(world.context);
    expect(await stateOf(world, second)).toEqual(["dispatched", null]);
  });

  test("leaves a job that is not interruptible once a runner has it, and waits for it", async () => {
    const world = await createWorld();
    const first = await deploying(world, { interruptible: false });
    const runner = await runnerOf(world, first);
    const second = await deploying(world, { ...CANCEL_OLDER, interruptible: false });
    expect(await stateOf(world, second)).toEqual(["queued", IN_USE]);
    const third = await deploying(world, CANCEL_OLDER);
    expect(await endOf(world, second)).toEqual(superseded(3));
    await runner.succeed();
    await admitAttempts(world.context);
    expect(await stateOf(world, third)).toEqual(["dispatched", null]);
  });

  test("leaves such a job that a runner took up while it was being decided", async () => {
    const world = await createWorld();
    const run = await deploying(world, { interruptible: false });
    const { id } = await world.attemptOf(run, "deploy");
    const makeWay = () =>
      inTransaction(world.database, (tx) =>
        withChange(tx, TEST_AUTHOR, (change) =>
          supersedeAttempts(change, new Map([[id, "deploy of run 2"]])),
        ),
      );
    const runner = await runnerOf(world, run);
    await makeWay();
    expect(await stateOf(world, run)).toEqual(["starting", null]);
    await runner.succeed();
    await makeWay();
    expect((await stateOf(world, run))[0]).toBe("succeeded");
  });

  test("ends an older run's member that becomes ready after the newer one", async () => {
    const world = await createWorld();
    const slow = await world.planned(
      testPlan([testJob("build"), deploy({ ...CANCEL_OLDER, needs: needs(["build"]) })]),
    );
    await world.dispatchAll(slow);
    const newer = await deploying(world, CANCEL_OLDER);
    await (await runnerOf(world, slow, "build")).succeed();
    await world.dispatchAll(slow);
    expect(await world.attemptOf(slow, "deploy")).toMatchObject({
      state: "canceled",
      reason: "canceled_superseded",
      receipt: "never_claimed",
    });
    expect(await stateOf(world, newer)).toEqual(["dispatched", null]);
  });

  test("lets members of one run wait for each other", async () => {
    const world = await createWorld();
    const jobs = ["a", "b"].map((key) => testJob(key, CANCEL_OLDER));
    const run = await world.planned(testPlan(jobs));
    await world.dispatchAll(run);
    expect(await stateOf(world, run, "a")).toEqual(["dispatched", null]);
    expect((await stateOf(world, run, "b"))[0]).toBe("queued");
  });

  test("makes as much room as it needs and no more", async () => {
    const world = await createWorld();
    const two = { concurrency: { ...CANCEL_OLDER.concurrency, limit: 2 } };
    const runs: RunId[] = [];
    for (let run = 0; run < 3; run += 1) runs.push(await deploying(world, two));
    await admitAttempts(world.context);
    const states = await Promise.all(runs.map(async (run) => (await stateOf(world, run))[0]));
    expect(states).toEqual(["canceled", "dispatched", "dispatched"]);
  });

  test("does nothing for a member that is itself being canceled", async () => {
    const world = await createWorld();
    const wide = { concurrency: { ...CANCEL_OLDER.concurrency, limit: 2 } };
    const first = await deploying(world, wide);
    const second = await deploying(world, wide);
    await runnerOf(world, second);
    await requestCancel(world.database, TEST_AUTHOR, second, "canceled_by_user");
    const third = await deploying(world, wide);
    expect((await stateOf(world, first))[0]).toBe("dispatched");
    expect((await stateOf(world, third))[0]).toBe("queued");
  });
});

describe("latest", () => {
  test("lets what runs end, and of those that wait only the newest stay", async () => {
    const world = await createWorld();
    const first = await deploying(world, LATEST);
    const second = await deploying(world, LATEST);
    expect(await stateOf(world, second)).toEqual(["queued", IN_USE]);
    const third = await deploying(world, LATEST);
    expect(await endOf(world, second)).toEqual(superseded(3));
    expect(await stateOf(world, third)).toEqual(["queued", IN_USE]);
    await (await runnerOf(world, first)).succeed();
    await admitAttempts(world.context);
    expect(await stateOf(world, third)).toEqual(["dispatched", null]);
  });
});

async function viewOf(world: World, run: RunId) {
  const read = await readRunView(world.database, run);
  const job = read?.view.jobs[0];
  if (read === null || job === undefined) throw new Error("there is no such run");
  return { run: read.view, job };
}

test("why a member waits, and what took its place, is in the API, the page, the check and `delta runs show`", async () => {
  const world = await createWorld();
  await deploying(world);
  const second = await deploying(world);
  const shown = async (): Promise<readonly string[]> => {
    const { run, job } = await viewOf(world, second);
    return [
      job.pending ?? job.reason_detail ?? "",
      jobItem(job, new Date()).text,
      jobTitle(job),
      jobsTable(run, Date.now(), process.stdout),
    ];
  };
  const [api, page, check, text] = await shown();
  expect(api).toBe(IN_USE);
  expect(page).toContain(IN_USE);
  expect(check).toBe(`Waiting: ${IN_USE}`);
  expect(text).toContain(IN_USE);

  await deploying(world, LATEST);
  await world.advance(second);
  const [apiThen, pageThen, , textThen] = await shown();
  for (const words of [apiThen, pageThen, textThen])
    expect(words).toContain("deploy of run 3 takes its place");
});
