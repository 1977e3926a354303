import { afterEach, expect, test, vi } from "vitest";
import { SilenceWatch } from "../../runner/silence.ts";
import { RunnerWorld } from "../support/runner-world.ts";

const world = new RunnerWorld();
afterEach(() => {
  vi.useRealTimers();
  return world.cleanUp();
});

test("steps that write nothing for too long are stopped, and not even steps marked always run", async () => {
  const { plane, runner } = await world.run({
    steps: [{ run: "echo up; (trap '' TERM; sleep 300) & sleep 300" }, { run: "echo no", always: true }],
    spec: { no_output_timeout_ms: 3_000, cancel_grace_ms: 200 },
  });
  expect(await runner.ended, runner.errors()).toBe(0);
  expect(plane.complete).toMatchObject({
    outcome: "timed_out",
    reason: "no_output_timeout",
    exit_code: null,
    summary: "the steps wrote nothing for 3 s",
  });
  expect(plane.complete?.steps.map(({ state }) => state)).toEqual(["canceled", "skipped"]);
  expect(plane.log(1)).toBe("up\n");
  expect(plane.log(0)).toContain("stopped: nothing was written for 3 s");
});

test("a job that goes on writing may take many times as long", async () => {
  const { plane, runner } = await world.run({
    steps: [{ run: "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.7; echo $i; done" }],
    spec: { no_output_timeout_ms: 6_000 },
  });
  expect(await runner.ended, runner.errors()).toBe(0);
  expect(plane.complete).toMatchObject({ outcome: "succeeded" });
});

test("output that the log cannot take yet is no silence", async () => {
  vi.useFakeTimers();
  const told: string[] = [];
  const watch = new SilenceWatch(1_000, () => told.push("silent"));
  const room = Promise.withResolvers<void>();
  const output = watch.over({ write: () => false, room: () => room.promise });
  expect(output.write(Buffer.from("much"))).toBe(false);
  const waited = output.room();
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([]);
  room.resolve();
  await waited;
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual(["silent"]);
});
