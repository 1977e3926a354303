import { describe, expect, test } from "vitest";
import { requestCancel } from "../../../control-plane/lifecycle/index.ts";
import { admitAttempts } from "../../../control-plane/tasks/admit-attempts.ts";
import { createDispatching } from "../../../control-plane/tasks/dispatch-attempts.ts";
import { stopAttempt } from "../../../control-plane/tasks/stop-attempt.ts";
import { createWorld, TEST_AUTHOR } from "../../support/control-plane-world.ts";
import { testJob, testPlan } from "../../support/plans.ts";
import { runOf, succeed } from "../../support/settling-run.ts";

describe("dispatch", () => {
  test("asks the backend again with the same request when nothing is known of the first", async () => {
    const world = await createWorld();
    world.backend.answer = { status: "unknown", detail: "the backend does not answer", retryAfterMs: 10 };
    const { run, attempt } = await runOf(world);
    expect(await world.attemptOf(run, "a")).toMatchObject({
      state: "dispatched",
      pending: "the backend does not answer",
    });
    world.backend.answer = { status: "accepted", backendRef: "x" };
    const dispatching = createDispatching(world.context);
    await dispatching.dispatchDue();
    expect(world.backend.dispatched).toEqual([attempt]);
    await world.letPass("attempts", attempt, "dispatch_at");
    await Promise.all([dispatching.dispatchDue(), createDispatching(world.context).dispatchDue()]);
    await world.letPass("attempts", attempt, "dispatch_at");
    await dispatching.dispatchDue();
    expect(world.backend.dispatched).toEqual([attempt, attempt]);
    expect(await world.attemptOf(run, "a")).toMatchObject({ state: "dispatched", pending: null });
    expect((await world.claim(attempt)).status).toBe("granted");
  });

  test("that a dispatcher fails to answer is asked again, too", async () => {
    const world = await createWorld();
    const log: string[] = [];
    const context = {
      ...world.context,
      log: { ...world.context.log, error: (_: object, line: string) => log.push(line) },
    };
    world.backend.dispatch = () => Promise.reject(new Error("a bug"));
    const run = await world.planned(testPlan([testJob("a")]));
    await world.advance(run);
    await admitAttempts(context);
    await createDispatching(context).dispatchDue();
    expect((await world.attemptOf(run, "a")).state).toBe("dispatched");
    expect(log).toEqual(["the dispatcher failed"]);
  });

  test("that is refused ends the job with the backend's words", async () => {
    const world = await createWorld();
    world.backend.answer = { status: "refused", detail: "no such pool" };
    const { run } = await runOf(world);
    await world.advance(run);
    expect(await world.run(run)).toMatchObject({ state: "failed", reason: "required_job_failed" });
    const rows = await world.database`select state, reason, reason_detail from delta.jobs`;
    expect(rows[0]).toEqual({ state: "failed", reason: "dispatch_failed", reason_detail: "no such pool" });
  });

  test("waits for room, says so, and goes on when there is some", async () => {
    const world = await createWorld();
    const context = { ...world.context, poolCaps: { default: 1 } };
    const run = await world.planned(testPlan([testJob("a"), testJob("b")]));
    await world.advance(run);
    await admitAttempts(context);
    const states = async () => (await world.attempts(run)).map(({ state, pending }) => [state, pending]);
    expect(await states()).toEqual([
      ["dispatched", null],
      ["queued", "waits for room in pool default: 1 of 1 in use"],
    ]);
    await succeed(world, (await world.attemptOf(run, "a")).id);
    await admitAttempts(context);
    expect((await states())[1]).toEqual(["dispatched", null]);
  });

  test("of five control planes at once admits no more than there is room for", async () => {
    const world = await createWorld();
    const context = { ...world.context, poolCaps: { default: 3 } };
    const run = await world.planned(testPlan(["a", "b", "c", "d", "e"].map((key) => testJob(key))));
    await world.advance(run);
    await Promise.all(Array.from({ length: 5 }, () => admitAttempts(context)));
    const states = (await world.attempts(run)).map(({ state }) => state);
    expect(states.filter((state) => state === "dispatched")).toHaveLength(3);
  });
});

describe("stopping", () => {
  test("is repeated until the backend sees the runner gone, then never again", async () => {
    const world = await createWorld();
    const { run, attempt } = await runOf(world);
    await requestCancel(world.database, TEST_AUTHOR, run, "canceled_by_user");
    world.backend.stopAnswer = { status: "stopping" };
    await stopAttempt(world.context, attempt);
    expect((await world.attemptOf(run, "a")).stopWanted).toBe(true);
    world.backend.stopAnswer = { status: "gone" };
    await stopAttempt(world.context, attempt);
    await stopAttempt(world.context, attempt);
    expect(world.backend.stopped).toHaveLength(2);
    expect((await world.attemptOf(run, "a")).stopWanted).toBe(false);
  });

  test("is confirmed by the backend when the runner can no longer do it", async () => {
    const world = await createWorld();
    const { run, attempt } = await runOf(world);
    await world.claimed(attempt);
    await requestCancel(world.database, TEST_AUTHOR, run, "canceled_by_user");
    await stopAttempt(world.context, attempt);
    expect(await world.attemptOf(run, "a")).toMatchObject({ state: "canceled", receipt: "backend_gone" });
    await world.advance(run);
    expect((await world.run(run)).state).toBe("canceled");
  });
});
