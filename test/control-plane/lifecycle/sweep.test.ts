import { describe, expect, test } from "vitest";
import { inTransaction } from "../../../control-plane/db/in-transaction.ts";
import { recordSweep } from "../../../control-plane/db/sweep.ts";
import { acknowledgeLease, takeHeartbeat } from "../../../control-plane/lifecycle/heartbeat.ts";
import { createWorld, TEST_TIMING } from "../../support/control-plane-world.ts";
import { runOf, sweepOnce, waiting } from "../../support/settling-run.ts";

describe("the sweep", () => {
  test("expires a lease whose time is over, and the next attempt follows", async () => {
    const world = await createWorld();
    const { run, attempt } = await runOf(world);
    const lease = await world.claimed(attempt);
    await world.letPass("leases", lease.id, "expires_at");
    await sweepOnce(world);
    expect(await world.attemptOf(run, "a")).toMatchObject({
      state: "lost",
      reason: "runner_lost",
      stopWanted: true,
    });
    await world.advance(run);
    expect((await world.attempts(run)).map(({ state }) => state)).toEqual(["lost", "created"]);
  });

  test("after an outage gives every lease one more term before it expires any", async () => {
    const world = await createWorld();
    const { run, attempt } = await runOf(world);
    const lease = await world.claimed(attempt);
    const sender = { leaseId: lease.id, token: lease.token };
    await acknowledgeLease(world.database, sender, { epoch: lease.epoch, seq: 1 });
    await world.letPass("leases", lease.id, "expires_at");
    await world.database`update delta.last_sweep set swept_at = clock_timestamp() - interval '1 hour', outage_ms = 5000`;
    // A message that comes in before the first sweep is taken, too.
    const beat = { epoch: lease.epoch, seq: 1, phase: "running", steps: [] } as const;
    expect(await takeHeartbeat(world.database, sender, { ...beat, steps: [] }, TEST_TIMING)).toMatchObject({
      status: "ok",
    });
    await world.letPass("leases", lease.id, "expires_at");
    await sweepOnce(world, 5_000);
    expect((await world.attemptOf(run, "a")).state).toBe("running");
    await world.letPass("leases", lease.id, "expires_at");
    await sweepOnce(world, 5_000);
    expect((await world.attemptOf(run, "a")).state).toBe("lost");
  });

  test("wakes again whatever the queue lost", async () => {
    const world = await createWorld();
    world.backend.answer = { status: "unknown", detail: "no answer", retryAfterMs: 10 };
    const { run, attempt } = await runOf(world);
    await world.database`select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs))`;
    expect(await waiting(world)).toEqual([]);
    await world.letPass("attempts", attempt, "wake_at");
    await world.letPass("runs", run, "wake_at");
    await world.letPass("runs", run, "report_at");
    await sweepOnce(world);
    expect(await waiting(world)).toEqual([`advance-run:${run}`, "dispatch-attempts", `report-check:${run}`]);
    // What was woken is not woken again at once.
    await world.database`select graphile_worker.complete_jobs(array(select id from graphile_worker.jobs))`;
    await sweepOnce(world);
    expect(await waiting(world)).toEqual([]);
  });

  test("notes the time, so that a short pause is no outage", async () => {
    const world = await createWorld();
    const outage = (): Promise<boolean> =>
      inTransaction(world.database, (tx) => recordSweep(tx, { outageMs: 5_000, ttlMs: 1_000 }));
    expect(await outage()).toBe(false);
    await world.database`update delta.last_sweep set swept_at = clock_timestamp() - interval '4 seconds'`;
    expect(await outage()).toBe(false);
    await world.database`update delta.last_sweep set swept_at = clock_timestamp() - interval '6 seconds'`;
    expect(await outage()).toBe(true);
  });
});
