import { describe, expect, test } from "vitest";
import { authoriseLease } from "../../../control-plane/lifecycle/index.ts";
import { acknowledgeCancel, completeAttempt } from "../../../control-plane/lifecycle/complete.ts";
import { expireLease } from "../../../control-plane/lifecycle/expire.ts";
import { acknowledgeLease, takeHeartbeat } from "../../../control-plane/lifecycle/heartbeat.ts";
import type { LeaseId } from "../../../schemas/ids.ts";
import { TEST_TIMING } from "../../support/control-plane-world.ts";
import { leased, running, success, beat, stop, everything } from "../../support/leased-attempt.ts";

describe("a stale holder changes nothing", () => {
  test.each(["token", "epoch", "lease", "expired"] as const)("with a wrong %s", async (wrong) => {
    const { world, lease, sender } = await running();
    const epoch = wrong === "epoch" ? lease.epoch + 1 : lease.epoch;
    const from = {
      leaseId: wrong === "lease" ? "00000000-0000-7000-8000-000000000000" : sender.leaseId,
      token: wrong === "token" ? "x".repeat(43) : sender.token,
    };
    if (wrong === "expired") {
      // Nobody has swept yet: the statement itself must see that the time is over.
      await world.letPass("leases", lease.id, "expires_at");
    }
    const before = await everything(world);
    const stale = { status: "stale_lease" };
    expect(await acknowledgeLease(world.database, from, { epoch, seq: 2 })).toEqual(stale);
    expect(await takeHeartbeat(world.database, from, beat(epoch), TEST_TIMING)).toEqual(stale);
    expect(await completeAttempt(world.database, from, success(epoch))).toEqual(stale);
    expect(await acknowledgeCancel(world.database, from, stop(epoch))).toEqual(stale);
    expect(await everything(world)).toBe(before);
  });

  test("a late completion after the attempt was lost is refused, and the next attempt is untouched", async () => {
    const { world, run, lease, sender } = await running();
    await world.letPass("leases", lease.id, "expires_at");
    expect(await expireLease(world.database, lease.id as LeaseId, run)).toBe(true);
    await world.advance(run);
    const before = await everything(world);
    expect(await completeAttempt(world.database, sender, success(lease.epoch))).toEqual({
      status: "stale_lease",
    });
    expect(await everything(world)).toBe(before);
    expect((await world.attempts(run)).map(({ number, state }) => [number, state])).toEqual([
      [1, "lost"],
      [2, "created"],
    ]);
  });

  test("a lease that was renewed meanwhile is not expired", async () => {
    const { world, run, lease } = await running();
    expect(await expireLease(world.database, lease.id as LeaseId, run)).toBe(false);
  });
});

describe("messages", () => {
  test("a repeat gets the stored answer and changes nothing, even after the end", async () => {
    const { world, lease, sender } = await running();
    const first = await completeAttempt(world.database, sender, success(lease.epoch));
    expect(first).toEqual({ status: "ok", reply: { state: "succeeded" } });
    const before = await everything(world);
    expect(await completeAttempt(world.database, sender, success(lease.epoch))).toEqual(first);
    expect(await everything(world)).toBe(before);
  });

  test("the same number with another body is a conflict; the next number after the end is stale", async () => {
    const { world, lease, sender } = await running();
    await completeAttempt(world.database, sender, success(lease.epoch));
    const failure = {
      ...success(lease.epoch),
      outcome: "failed",
      reason: "step_failed",
      exit_code: 1,
    } as const;
    expect(await completeAttempt(world.database, sender, failure)).toEqual({ status: "seq_conflict" });
    expect(await completeAttempt(world.database, sender, { ...failure, seq: 2 })).toEqual({
      status: "stale_lease",
    });
  });

  test("twenty identical completions at once end the attempt once", async () => {
    const { world, run, attempt, lease, sender } = await running();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => completeAttempt(world.database, sender, success(lease.epoch))),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify({ status: "ok", reply: { state: "succeeded" } })]),
    );
    const [row] = await world.database<{ ends: number }[]>`
      select count(*)::int as ends from delta.audit_events where entity_id = ${attempt} and to_state = 'succeeded'`;
    expect(row?.ends).toBe(1);
    await world.advance(run);
    expect((await world.run(run)).state).toBe("succeeded");
  });

  test("nothing but the acknowledgement may come first", async () => {
    const { world, lease, sender } = await leased();
    expect(await takeHeartbeat(world.database, sender, beat(lease.epoch), TEST_TIMING)).toMatchObject({
      status: "order",
    });
    expect(await completeAttempt(world.database, sender, success(lease.epoch))).toMatchObject({
      status: "order",
    });
  });

  test("an outcome that does not go with its reason is refused", async () => {
    const { world, lease, sender } = await running();
    const mixed = { ...success(lease.epoch), reason: "oom" } as const;
    expect(await completeAttempt(world.database, sender, mixed)).toMatchObject({ status: "invalid_request" });
  });

  test("a heartbeat extends the lease and moves the phase forward, never back", async () => {
    const { world, run, lease, sender } = await running();
    const step = { index: 0, state: "running", exit_code: null, signal: null, duration_ms: null } as const;
    const news = beat(lease.epoch, { seq: 2, steps: [step] });
    expect(await takeHeartbeat(world.database, sender, news, TEST_TIMING)).toEqual({
      status: "ok",
      reply: { status: "extended", ttl_ms: TEST_TIMING.ttlMs },
    });
    const overtaken = beat(lease.epoch, { phase: "starting" });
    expect(await takeHeartbeat(world.database, sender, overtaken, TEST_TIMING)).toMatchObject({
      status: "ok",
    });
    expect((await world.attemptOf(run, "a")).state).toBe("running");
    const [row] = await world.database<
      { steps: unknown[] }[]
    >`select steps from delta.attempts where run_id = ${run}`;
    expect(row?.steps).toEqual([step]);
  });
});

describe("what a lease allows besides", () => {
  test("holds while it lives, and for logs a while after its end, for its own token alone", async () => {
    const { world, run, attempt, lease, sender } = await running();
    const credentials = { ...sender, epoch: lease.epoch };
    const grant = { leaseId: lease.id, attemptId: attempt, runId: run, epoch: lease.epoch };
    const strict = { allowGrace: false };
    expect(await authoriseLease(world.database, credentials, strict)).toEqual({ ...grant, live: true });
    expect(await authoriseLease(world.database, { ...credentials, epoch: null }, strict)).toEqual({
      ...grant,
      live: true,
    });
    expect(
      await authoriseLease(world.database, { ...credentials, token: "y".repeat(43) }, strict),
    ).toBeNull();
    expect(await authoriseLease(world.database, { ...credentials, leaseId: "../../x" }, strict)).toBeNull();

    await completeAttempt(world.database, sender, success(lease.epoch));
    expect(await authoriseLease(world.database, credentials, strict)).toBeNull();
    expect(await authoriseLease(world.database, credentials, { allowGrace: true })).toEqual({
      ...grant,
      live: false,
    });
    await world.database`update delta.leases set ended_at = ended_at - interval '1 hour'`;
    expect(await authoriseLease(world.database, credentials, { allowGrace: true })).toBeNull();
  });
});
