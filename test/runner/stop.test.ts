import { readdirSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { RUNNER_EXIT } from "../../schemas/runner-exit.ts";
import { processesOf } from "../support/job-processes.ts";
import { RunnerWorld } from "../support/runner-world.ts";

const world = new RunnerWorld();
afterEach(() => world.cleanUp());

/** Ignores SIGTERM itself, and so do a child in a session of its own and a child that forgot its parent. */
const STUBBORN = `
trap '' TERM
setsid sh -c "trap '' TERM; echo own session; while :; do sleep 1; done" &
(sh -c "trap '' TERM; while :; do sleep 1; done" &)
echo up
while :; do sleep 1; done`;

test("a canceled job gets its signal and its grace, then the rest of its log and the receipt are sent", async () => {
  const { plane, runner } = await world.run({
    steps: [{ run: "trap 'echo cleaned up; exit 7' INT; echo up; while :; do sleep 0.1; done" }],
    spec: { cancel_signal: "SIGINT" },
  });
  await plane.until(() => plane.log(1).includes("up"));
  plane.cancel("canceled_by_user", 5_000);
  expect(await runner.ended, runner.errors()).toBe(RUNNER_EXIT.reported);
  expect(plane.cancelAck).toMatchObject({ confirmed: "process_group_gone", killed: false });
  expect(plane.cancelAck?.steps).toMatchObject([{ state: "canceled", exit_code: 7 }]);
  expect(plane.complete).toBeNull();
  expect(plane.log(1)).toBe("up\ncleaned up\n");
  expect(plane.logs.get(1).closed).not.toBeNull();
  expect(plane.log(0)).toContain("canceled: canceled_by_user");
});

test("processes that ignore the signal and hide in other sessions are killed after the grace", async () => {
  const { plane, runner } = await world.run({ steps: [{ run: STUBBORN }] });
  await plane.until(() => plane.log(1).includes("up") && plane.log(1).includes("own session"));
  expect(processesOf(plane.attemptId).length).toBeGreaterThanOrEqual(3);
  const askedAt = performance.now();
  plane.cancel("canceled_by_user", 400);
  await plane.until(() => plane.cancelAck !== null);
  expect(performance.now() - askedAt).toBeGreaterThanOrEqual(400);
  expect(processesOf(plane.attemptId)).toEqual([]);
  expect(plane.cancelAck).toMatchObject({ confirmed: "process_group_gone", killed: true });
  expect(await runner.ended).toBe(RUNNER_EXIT.reported);
  expect(readdirSync(runner.workspaceRoot)).toEqual([]);
});

test("a cancel that comes before the first step says that nothing was started", async () => {
  const plane = await world.plane({
    steps: [{ run: "echo no" }],
    fault: (call) => {
      if (call.name === "source") plane.cancel("canceled_run", 100);
      return call.name === "source" ? "hang" : undefined;
    },
  });
  const runner = world.start(plane);
  expect(await runner.ended, runner.errors()).toBe(RUNNER_EXIT.reported);
  expect(plane.cancelAck).toMatchObject({ confirmed: "never_started", killed: false, steps: [] });
  expect(plane.log(1)).toBe("");
});

test("a cancel ordered while the report is on its way is confirmed instead", async () => {
  const plane = await world.plane({
    steps: [{ run: "echo done" }],
    lease: { ttl_ms: 20_000, heartbeat_interval_ms: 10_000, margin_ms: 500 },
    fault: (call) => {
      if (call.name === "complete") plane.cancel("canceled_by_user", 100);
      return undefined;
    },
  });
  const runner = world.start(plane);
  expect(await runner.ended, runner.errors()).toBe(RUNNER_EXIT.reported);
  expect(plane.complete).toBeNull();
  expect(plane.cancelAck).toMatchObject({ confirmed: "process_group_gone" });
});

test("a runner told to stop by a signal ends its job and reports a fault of the infrastructure", async () => {
  const { plane, runner } = await world.run({ steps: [{ run: STUBBORN }] });
  await plane.until(() => plane.log(1).includes("up") && plane.log(1).includes("own session"));
  runner.child.kill("SIGTERM");
  expect(await runner.ended).toBe(RUNNER_EXIT.reported);
  expect(plane.complete).toMatchObject({ outcome: "failed", reason: "runner_error" });
  expect(plane.complete?.summary).toContain("SIGTERM");
  expect(processesOf(plane.attemptId)).toEqual([]);
  expect(readdirSync(runner.workspaceRoot)).toEqual([]);
});

test("a runner told to stop for an attempt that was canceled confirms the cancel", async () => {
  const { plane, runner } = await world.run({
    steps: [{ run: "echo up; sleep 300" }],
    lease: { ttl_ms: 20_000, heartbeat_interval_ms: 10_000, margin_ms: 500 },
  });
  await plane.until(() => plane.log(1).includes("up"));
  plane.cancel("canceled_by_user", 10_000);
  runner.child.kill("SIGTERM");
  expect(await runner.ended).toBe(RUNNER_EXIT.reported);
  expect(plane.complete).toBeNull();
  expect(plane.cancelAck).toMatchObject({ confirmed: "process_group_gone", killed: false });
});

test("a second signal to the runner ends the grace", async () => {
  const { plane, runner } = await world.run({
    steps: [{ run: STUBBORN }],
    spec: { cancel_grace_ms: 600_000 },
  });
  await plane.until(() => plane.log(1).includes("up") && plane.log(1).includes("own session"));
  // Two of one kind at once would reach the runner as one.
  runner.child.kill("SIGINT");
  runner.child.kill("SIGTERM");
  expect(await runner.ended).toBe(RUNNER_EXIT.reported);
  expect(processesOf(plane.attemptId)).toEqual([]);
});

test("a runner told to stop before its claim was answered leaves at once", async () => {
  const { plane, runner } = await world.run({ steps: [{ run: "true" }], fault: () => "hang" });
  await plane.until(() => plane.count("claim") === 1);
  runner.child.kill("SIGTERM");
  expect(await runner.ended).toBe(RUNNER_EXIT.stopped);
});
