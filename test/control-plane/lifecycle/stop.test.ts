import { describe, expect, test } from "vitest";
import { requestCancel } from "../../../control-plane/lifecycle/index.ts";
import { acknowledgeCancel, completeAttempt } from "../../../control-plane/lifecycle/complete.ts";
import { takeHeartbeat } from "../../../control-plane/lifecycle/heartbeat.ts";
import type { RunId } from "../../../schemas/ids.ts";
import { TEST_AUTHOR, TEST_TIMING } from "../../support/control-plane-world.ts";
import { type Leased, running, success, beat, stop } from "../../support/leased-attempt.ts";

describe("a stop", () => {
  async function stopping(): Promise<Leased> {
    const held = await running();
    expect(await requestCancel(held.world.database, TEST_AUTHOR, held.run, "canceled_by_user")).toBe(
      "requested",
    );
    return held;
  }

  test("reaches the runner with its next heartbeat, and its confirmation ends the run with a receipt", async () => {
    const { world, run, lease, sender } = await stopping();
    expect(await takeHeartbeat(world.database, sender, beat(lease.epoch), TEST_TIMING)).toEqual({
      status: "ok",
      reply: { status: "cancel", reason: "canceled_run", ttl_ms: TEST_TIMING.ttlMs, grace_ms: 1_000 },
    });
    expect(await acknowledgeCancel(world.database, sender, stop(lease.epoch, true))).toEqual({
      status: "ok",
      reply: { state: "canceled" },
    });
    await world.advance(run);
    expect(await world.run(run)).toMatchObject({ state: "canceled", reason: "canceled_by_user" });
    expect(await world.attemptOf(run, "a")).toMatchObject({
      state: "canceled",
      reason: "canceled_run",
      receipt: "process_group_gone_after_kill",
    });
  });

  test("that came first wins against a completion, and the answer says so", async () => {
    const { world, lease, sender } = await stopping();
    expect(await completeAttempt(world.database, sender, success(lease.epoch))).toEqual({
      status: "ok",
      reply: { state: "canceled" },
    });
  });

  test("that nobody confirms ends by its deadline all the same", async () => {
    const { world, run, attempt } = await stopping();
    await world.advance(run);
    expect((await world.attemptOf(run, "a")).state).toBe("cancel_requested");
    await world.letPass("attempts", attempt, "cancel_deadline_at");
    await world.advance(run);
    expect(await world.attemptOf(run, "a")).toMatchObject({
      state: "canceled",
      reason: "cancel_unconfirmed",
      receipt: "unconfirmed",
      stopWanted: true,
    });
    expect((await world.run(run)).state).toBe("canceled");
  });

  test("that nobody asked for cannot be confirmed", async () => {
    const { world, lease, sender } = await running();
    expect(await acknowledgeCancel(world.database, sender, stop(lease.epoch))).toMatchObject({
      status: "order",
    });
  });

  test("asked for twice, or after the end, is told apart", async () => {
    const { world, run, lease, sender } = await stopping();
    expect(await requestCancel(world.database, TEST_AUTHOR, run, "canceled_by_user")).toBe(
      "already_requested",
    );
    await completeAttempt(world.database, sender, success(lease.epoch));
    await world.advance(run);
    expect(await requestCancel(world.database, TEST_AUTHOR, run, "canceled_by_user")).toBe("ended");
    expect(
      await requestCancel(
        world.database,
        TEST_AUTHOR,
        "00000000-0000-7000-8000-000000000000" as RunId,
        "canceled_by_user",
      ),
    ).toBe("not_found");
  });
});
