import { describe, expect, test } from "vitest";
import { authoriseLease, requestCancel } from "../../../control-plane/lifecycle/index.ts";
import { claimAttempt } from "../../../control-plane/lifecycle/claim.ts";
import { acknowledgeCancel, completeAttempt } from "../../../control-plane/lifecycle/complete.ts";
import { expireLease } from "../../../control-plane/lifecycle/expire.ts";
import { acknowledgeLease, takeHeartbeat } from "../../../control-plane/lifecycle/heartbeat.ts";
import { claimToken } from "../../../control-plane/lifecycle/tokens.ts";
import type { AttemptId, LeaseId, RunId } from "../../../schemas/ids.ts";
import type {
  CancelAckRequest,
  ClaimProof,
  ClaimReply,
  CompleteRequest,
  HeartbeatRequest,
} from "../../../schemas/runner-protocol.ts";
import { createWorld, TEST_AUTHOR, TEST_TIMING, type World } from "../../support/control-plane-world.ts";
import { testJob, testPlan } from "../../support/plans.ts";

interface Leased {
  readonly world: World;
  readonly run: RunId;
  readonly attempt: AttemptId;
  readonly lease: ClaimReply["lease"];
  readonly sender: { readonly leaseId: string; readonly token: string };
}

async function dispatched(): Promise<{ world: World; run: RunId; attempt: AttemptId }> {
  const world = await createWorld();
  const run = await world.planned(testPlan([testJob("a")]));
  await world.dispatchAll(run);
  const { id: attempt } = await world.attemptOf(run, "a");
  return { world, run, attempt };
}

async function leased(): Promise<Leased> {
  const { world, run, attempt } = await dispatched();
  const lease = await world.claimed(attempt);
  return { world, run, attempt, lease, sender: { leaseId: lease.id, token: lease.token } };
}

async function running(): Promise<Leased> {
  const held = await leased();
  await acknowledgeLease(held.world.database, held.sender, { epoch: held.lease.epoch, seq: 1 });
  return held;
}

function success(epoch: number, seq = 1): CompleteRequest {
  return { epoch, seq, outcome: "succeeded", reason: "ok", exit_code: 0, summary: "", steps: [] };
}

function beat(epoch: number, changes: Partial<HeartbeatRequest> = {}): HeartbeatRequest {
  return { epoch, seq: 1, phase: "running", steps: [], ...changes };
}

function stop(epoch: number, killed = false): CancelAckRequest {
  return { epoch, seq: 1, confirmed: "process_group_gone", killed, steps: [] };
}

/** Everything a runner's message could change. */
async function everything({ database }: World): Promise<string> {
  const [row] = await database<{ all: string }[]>`
    select jsonb_build_array(
      (select jsonb_agg(to_jsonb(r) order by id) from delta.runs r),
      (select jsonb_agg(to_jsonb(j) order by id) from delta.jobs j),
      (select jsonb_agg(to_jsonb(a) order by id) from delta.attempts a),
      (select jsonb_agg(to_jsonb(l) order by id) from delta.leases l),
      (select jsonb_agg(to_jsonb(m) order by seq) from delta.runner_messages m),
      (select jsonb_agg(to_jsonb(e) order by id) from delta.audit_events e))::text as all`;
  return row?.all ?? "";
}

describe("a claim", () => {
  test("makes the runner the holder, starts the run and says what to do", async () => {
    const { world, run, attempt } = await dispatched();
    const answer = await world.claim(attempt);
    expect(answer).toMatchObject({
      status: "granted",
      reply: {
        lease: { ttl_ms: TEST_TIMING.ttlMs, heartbeat_interval_ms: TEST_TIMING.heartbeatIntervalMs },
        spec: {
          job_key: "a",
          attempt_number: 1,
          run_id: run,
          commit: "1".repeat(40),
          ref: "refs/heads/main",
        },
      },
    });
    expect((await world.attemptOf(run, "a")).state).toBe("leased");
    expect((await world.run(run)).state).toBe("running");
  });

  test("by the same start of a runner gets a new token for the same lease, and the old token is dead", async () => {
    const { world, attempt } = await dispatched();
    const first = await world.claimed(attempt);
    const again = await world.claimed(attempt);
    expect(again).toMatchObject({ id: first.id, epoch: first.epoch });
    expect(again.token).not.toBe(first.token);
    const ack = { epoch: first.epoch, seq: 1 };
    expect(await acknowledgeLease(world.database, { leaseId: first.id, token: first.token }, ack)).toEqual({
      status: "stale_lease",
    });
    expect(
      await acknowledgeLease(world.database, { leaseId: again.id, token: again.token }, ack),
    ).toMatchObject({
      status: "ok",
    });
  });

  test("by another start of a runner is refused while the first holds it", async () => {
    const { world, attempt } = await leased();
    expect(await world.claim(attempt, "m".repeat(22))).toEqual({ status: "already_claimed" });
  });

  test("by the same start is refused once the lease was acknowledged", async () => {
    const { world, attempt } = await running();
    expect(await world.claim(attempt)).toEqual({ status: "already_claimed" });
  });

  test("of ten runners at once succeeds for exactly one", async () => {
    const { world, attempt } = await dispatched();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => world.claim(attempt, `runner-${index}-`.padEnd(22, "x"))),
    );
    expect(answers.filter(({ status }) => status === "granted")).toHaveLength(1);
    expect(answers.filter(({ status }) => status === "already_claimed")).toHaveLength(9);
  });

  test("with another attempt's proof, or of an attempt that does not exist, looks the same", async () => {
    const { world, attempt } = await dispatched();
    const other = await dispatched();
    const proof = { kind: "claim_token", token: claimToken(other.world.context.serverKey, attempt) } as const;
    const request = {
      attempt_id: attempt,
      proof,
      boot_nonce: "n".repeat(22),
      runner: { version: "1", os: "linux", arch: "x64", hostname: "test" },
    };
    expect(await claimAttempt(world.database, request, TEST_TIMING, null)).toEqual({
      status: "unauthorized",
    });
    expect(await world.claim("00000000-0000-7000-8000-000000000000" as AttemptId)).toEqual({
      status: "unauthorized",
    });
  });

  test("with its claim token is refused where runners have identities", async () => {
    const { world, attempt } = await dispatched();
    const token = claimToken(world.context.serverKey, attempt);
    const request = {
      attempt_id: attempt,
      boot_nonce: "n".repeat(22),
      runner: { version: "1", os: "linux", arch: "x64", hostname: "test" },
    };
    const identities = { verify: async (jwt: string) => ({ attemptId: jwt }) };
    const claim = (proof: ClaimProof) =>
      claimAttempt(world.database, { ...request, proof }, TEST_TIMING, identities);
    expect(await claim({ kind: "claim_token", token })).toEqual({ status: "unauthorized" });
    expect(await claim({ kind: "nomad_identity", jwt: "another" })).toEqual({ status: "unauthorized" });
    expect((await claim({ kind: "nomad_identity", jwt: attempt })).status).toBe("granted");
  });

  test("of an attempt whose run was canceled is refused", async () => {
    const { world, run, attempt } = await dispatched();
    await requestCancel(world.database, TEST_AUTHOR, run, "canceled_by_user");
    expect(await world.claim(attempt)).toEqual({ status: "attempt_finished" });
    expect(await world.attemptOf(run, "a")).toMatchObject({ state: "canceled", receipt: "never_claimed" });
  });
});

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
