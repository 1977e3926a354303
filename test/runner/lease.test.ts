import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { LeaseClock } from "../../runner/lease/lease-clock.ts";
import { RUNNER_EXIT } from "../../schemas/runner-exit.ts";
import { processesOf } from "../support/job-processes.ts";
import { RunnerWorld } from "../support/runner-world.ts";

const world = new RunnerWorld();
afterEach(() => world.cleanUp());

test("a lease is trusted from when it was asked for, less the margin, and never longer for a late answer", () => {
  const clock = new LeaseClock(5_000);
  expect(clock.remainingMs(0)).toBe(0);
  clock.renewed(1_000, 30_000);
  expect(clock.remainingMs(1_000)).toBe(25_000);
  clock.renewed(500, 30_000);
  expect(clock.remainingMs(1_000)).toBe(25_000);
  expect(clock.remainingMs(25_999)).toBe(1);
  expect(clock.remainingMs(26_000)).toBe(0);
});

test("a stale lease stops the job at once, without a grace, and nothing more is reported", async () => {
  const { plane, runner } = await world.run({
    steps: [{ run: "trap '' TERM; echo up; while :; do sleep 1; done" }],
    spec: { cancel_grace_ms: 600_000 },
  });
  await plane.until(() => plane.log(1).includes("up"));
  plane.revoke();
  expect(await runner.ended).toBe(RUNNER_EXIT.lease_lost);
  expect([plane.complete, plane.cancelAck]).toEqual([null, null]);
  expect([plane.count("complete"), plane.count("cancel-ack")]).toEqual([0, 0]);
  expect(processesOf(plane.attemptId)).toEqual([]);
  expect(readdirSync(runner.workspaceRoot)).toEqual([]);
});

test("a runner cut off stops its job before its lease ends", async () => {
  // The margin is what a slow machine has to stop the job in.
  const lease = { ttl_ms: 26_000, heartbeat_interval_ms: 300, margin_ms: 20_000 };
  const { plane, runner } = await world.run({ steps: [{ run: "echo up; sleep 300" }], lease });
  await plane.until(() => plane.log(1).includes("up") && plane.count("heartbeat") > 0);
  await plane.stopListening();
  const lastHeartbeat = plane.calls.findLast((call) => call.name === "heartbeat")?.atMs ?? 0;
  await expect.poll(() => processesOf(plane.attemptId)).toEqual([]);
  expect(performance.now() - lastHeartbeat).toBeLessThan(lease.ttl_ms);
  expect(await runner.ended).toBe(RUNNER_EXIT.lease_lost);
  expect(runner.errors()).toContain("the lease could not be renewed in time");
});

test("answers that hang cost the lease as a broken connection does", async () => {
  let hanging = false;
  const { plane, runner } = await world.run({
    steps: [{ run: "echo up; sleep 300" }],
    lease: { ttl_ms: 8_000, heartbeat_interval_ms: 300, margin_ms: 2_000 },
    fault: () => (hanging ? "hang" : undefined),
  });
  await plane.until(() => plane.log(1).includes("up"));
  hanging = true;
  expect(await runner.ended).toBe(RUNNER_EXIT.lease_lost);
  expect(processesOf(plane.attemptId)).toEqual([]);
});

test("a control plane away for less than the lease costs nothing", async () => {
  const { plane, runner } = await world.run({
    steps: [{ run: "echo up; while [ ! -e go ]; do sleep 0.05; done; echo on", env: {} }],
    lease: { ttl_ms: 60_000, heartbeat_interval_ms: 200, margin_ms: 1_000 },
  });
  await plane.until(() => plane.log(1).includes("up"));
  await plane.stopListening();
  await plane.breakConnections(3);
  await plane.listen();
  writeFileSync(join(runner.workspaceRoot, `attempt-${plane.attemptId}`, "source", "go"), "");
  expect(await runner.ended, runner.errors()).toBe(RUNNER_EXIT.reported);
  expect(plane.log(1)).toBe("up\non\n");
});

test("a heartbeat is never repeated under its number", async () => {
  const { plane, runner } = await world.run({
    steps: [{ run: "sleep 4" }],
    fault: (call) => (call.name === "heartbeat" && call.count % 2 === 0 ? "swallow" : undefined),
  });
  expect(await runner.ended).toBe(RUNNER_EXIT.reported);
  const numbers = plane.calls
    .filter((call) => call.name === "heartbeat")
    .map((call) => (call.body as { seq: number }).seq);
  expect(numbers.length).toBeGreaterThan(3);
  expect(new Set(numbers).size).toBe(numbers.length);
});

test("heartbeats keep their pace while the job takes every processor and floods its log", async () => {
  const interval = 300;
  const { plane, runner } = await world.run({
    steps: [
      {
        run: "for i in 1 2 3 4 5 6 7 8; do (while :; do :; done) & done; yes 'some secret line' & while [ ! -e go ]; do sleep 0.05; done; kill 0",
        continue_on_error: true,
      },
    ],
    spec: { masks: ["some secret"], log_bytes_max: 512 * 1024 },
    lease: { ttl_ms: 60_000, heartbeat_interval_ms: interval, margin_ms: 1_000 },
  });
  await plane.until(() => plane.log(1).includes("***"));
  const before = plane.count("heartbeat");
  // The same pace kept by this process shows what the machine itself takes from a timer.
  const ticks: number[] = [performance.now()];
  const ticking = setInterval(() => ticks.push(performance.now()), interval);
  await plane.until(() => plane.count("heartbeat") >= before + 12);
  clearInterval(ticking);
  const since = ticks[0] as number;
  ticks.push(performance.now());
  writeFileSync(join(runner.workspaceRoot, `attempt-${plane.attemptId}`, "source", "go"), "");
  expect(await runner.ended, runner.errors()).toBe(RUNNER_EXIT.reported);
  const beats = plane.calls.filter(({ name, atMs }) => name === "heartbeat" && atMs >= since);
  expect(longestGap(beats.map(({ atMs }) => atMs))).toBeLessThan(10 * Math.max(interval, longestGap(ticks)));
  expect(plane.complete?.outcome).toBe("succeeded");
});

test("a runner that slept through its lease finds it stale, stops its job and reports nothing", async () => {
  const { plane, runner } = await world.run({
    steps: [{ run: "echo up; sleep 300" }],
    lease: { ttl_ms: 8_000, heartbeat_interval_ms: 200, margin_ms: 1_000 },
  });
  await plane.until(() => plane.log(1).includes("up"));
  runner.child.kill("SIGSTOP");
  await expect.poll(() => plane.isLeaseOver).toBe(true);
  runner.child.kill("SIGCONT");
  expect(await runner.ended).toBe(RUNNER_EXIT.lease_lost);
  expect([plane.count("complete"), plane.count("cancel-ack")]).toEqual([0, 0]);
  expect(processesOf(plane.attemptId)).toEqual([]);
});

/** The longest time between one and the next, in milliseconds. */
function longestGap(times: readonly number[]): number {
  return Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? at)));
}
