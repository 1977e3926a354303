import { describe, expect, test } from "vitest";
import { requestCancel } from "../../../control-plane/lifecycle/index.ts";
import { claimAttempt } from "../../../control-plane/lifecycle/claim.ts";
import { acknowledgeLease } from "../../../control-plane/lifecycle/heartbeat.ts";
import { claimToken } from "../../../control-plane/lifecycle/tokens.ts";
import type { AttemptId } from "../../../schemas/ids.ts";
import type { ClaimProof } from "../../../schemas/runner-protocol.ts";
import { TEST_AUTHOR, TEST_TIMING } from "../../support/control-plane-world.ts";
import { dispatched, leased, running } from "../../support/leased-attempt.ts";

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
