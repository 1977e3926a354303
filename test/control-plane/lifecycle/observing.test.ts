import { describe, expect, test } from "vitest";
import { readCaredFor } from "../../../control-plane/db/observations.ts";
import { createObserving } from "../../../control-plane/tasks/observe-attempts.ts";
import type { AttemptId } from "../../../schemas/ids.ts";
import { createWorld, type World } from "../../support/control-plane-world.ts";
import { runOf, succeed } from "../../support/settling-run.ts";

describe("observing", () => {
  const pageOf = (attempts: readonly AttemptId[]) => ({
    attempts,
    changed: attempts,
    upTo: null,
    next: null,
  });

  async function observed(world: World, state: "pending" | "running" | "exited" | "absent"): Promise<void> {
    const observation = { state, detail: "no node has room", exitCode: null, outOfMemory: false };
    world.backend.observe = async (attempts) => attempts.map((attemptId) => ({ attemptId, ...observation }));
    await createObserving(world.context).pass();
  }

  test("explains a wait in the backend's words", async () => {
    const world = await createWorld();
    const { run } = await runOf(world);
    await observed(world, "pending");
    expect(await world.attemptOf(run, "a")).toMatchObject({
      state: "dispatched",
      pending: "no node has room",
    });
    await observed(world, "running");
    expect((await world.attemptOf(run, "a")).pending).toBeNull();
  });

  test("ends a wait for a runner that has ended already", async () => {
    const world = await createWorld();
    const { run } = await runOf(world);
    await observed(world, "exited");
    expect(await world.attemptOf(run, "a")).toMatchObject({
      state: "failed",
      reason: "runner_start_timeout",
    });
  });

  test("does not take a fresh runner's absence for its end", async () => {
    const world = await createWorld();
    const { run, attempt } = await runOf(world);
    await observed(world, "absent");
    expect((await world.attemptOf(run, "a")).state).toBe("dispatched");
    await world.database`update delta.attempts set dispatched_at = dispatched_at - interval '1 minute'`;
    await observed(world, "absent");
    expect((await world.attempts(run))[0]).toMatchObject({ id: attempt, state: "failed" });
  });

  test("never ends an attempt that a runner holds", async () => {
    const world = await createWorld();
    const { run, attempt } = await runOf(world);
    await world.claimed(attempt);
    await observed(world, "exited");
    expect((await world.attemptOf(run, "a")).state).toBe("leased");
  });

  test("stops a runner that belongs to no attempt, and none that does", async () => {
    const world = await createWorld();
    const { attempt } = await runOf(world);
    const stranger = "00000000-0000-7000-8000-000000000000" as AttemptId;
    const seen = { state: "running", detail: null, exitCode: null, outOfMemory: false } as const;
    world.backend.observe = async (attempts) => attempts.map((attemptId) => ({ attemptId, ...seen }));
    world.backend.list = async () => pageOf([stranger, attempt]);
    await createObserving(world.context).pass();
    expect(world.backend.stopped).toEqual([stranger]);
  });

  test("lets a runner leave by itself whose report was taken a moment ago", async () => {
    const world = await createWorld();
    const { attempt } = await runOf(world);
    await succeed(world, attempt);
    const seen = { state: "running", detail: null, exitCode: null, outOfMemory: false } as const;
    world.backend.observe = async () => [{ attemptId: attempt, ...seen }];
    world.backend.list = async () => pageOf([attempt]);
    await world.database`update delta.attempts set stop_wanted = false where id = ${attempt}`;
    await createObserving(world.context).pass();
    expect(world.backend.stopped).toEqual([]);
    expect(await readCaredFor(world.database, [attempt], 0)).toEqual(new Set());
  });

  test("spares a runner whose attempt was dispatched while the backend was being asked", async () => {
    const world = await createWorld();
    const seen = { state: "running", detail: null, exitCode: null, outOfMemory: false } as const;
    world.backend.observe = async (attempts) => attempts.map((attemptId) => ({ attemptId, ...seen }));
    world.backend.list = async () => {
      const { attempt } = await runOf(world);
      return pageOf([attempt]);
    };
    await createObserving(world.context).pass();
    expect(world.backend.dispatched).toHaveLength(1);
    expect(world.backend.stopped).toEqual([]);
  });

  test("leaves everything as it is when the backend cannot be asked", async () => {
    const world = await createWorld();
    const { run } = await runOf(world);
    await world.database`update delta.attempts set dispatched_at = dispatched_at - interval '1 hour'`;
    const before = await world.attempts(run);
    world.backend.observe = async () => {
      throw new Error("the backend is away");
    };
    await expect(createObserving(world.context).pass()).rejects.toThrow("the backend is away");
    expect(await world.attempts(run)).toEqual(before);
    expect(world.backend.stopped).toEqual([]);
  });
});
