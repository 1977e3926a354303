import type { FastifyInstance } from "fastify";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createHttpServer } from "../../../control-plane/http/server.ts";
import { registerRunnerApi } from "../../../control-plane/http/runner-api.ts";
import { claimToken } from "../../../control-plane/lifecycle/tokens.ts";
import type { AttemptId, RunId } from "../../../schemas/ids.ts";
import {
  AckReply,
  ClaimReply,
  CompleteReply,
  HeartbeatReply,
  ProtocolError,
} from "../../../schemas/runner-protocol.ts";
import { validate } from "../../../schemas/validate.ts";
import { createWorld, TEST_TIMING, type World } from "../../support/control-plane-world.ts";
import { testJob, testPlan } from "../../support/plans.ts";

interface Api {
  readonly world: World;
  readonly run: RunId;
  readonly attempt: AttemptId;
  post(path: string, body: unknown, token?: string): Promise<{ status: number; body: unknown }>;
}

async function serveApi(): Promise<Api> {
  const world = await createWorld();
  const app: FastifyInstance = await createHttpServer({ logLevel: "silent" });
  registerRunnerApi(app, { database: world.database, timing: TEST_TIMING, identities: null });
  onTestFinished(() => app.close());
  const run = await world.planned(testPlan([testJob("a")]));
  await world.dispatchAll(run);
  const { id: attempt } = await world.attemptOf(run, "a");
  return {
    world,
    run,
    attempt,
    async post(path, body, token) {
      const answer = await app.inject({
        method: "POST",
        url: `/runner/v1${path}`,
        headers: {
          "content-type": "application/json",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        payload: typeof body === "string" ? body : JSON.stringify(body),
      });
      return { status: answer.statusCode, body: answer.json<unknown>() };
    },
  };
}

function claimBody({ world, attempt }: Api, changes: object = {}): object {
  return {
    attempt_id: attempt,
    proof: { kind: "claim_token", token: claimToken(world.context.serverKey, attempt) },
    boot_nonce: "n".repeat(22),
    runner: { version: "1", os: "linux", arch: "x64", hostname: "host" },
    ...changes,
  };
}

async function claimed(api: Api): Promise<{ path: string; token: string; epoch: number }> {
  const answer = await api.post("/claim", claimBody(api));
  const { lease } = answer.body as ClaimReply;
  return { path: `/leases/${lease.id}`, token: lease.token, epoch: lease.epoch };
}

describe("the runner's API", () => {
  test("carries an attempt from its claim to its end, in answers that fit the protocol", async () => {
    const api = await serveApi();
    const claim = await api.post("/claim", claimBody(api));
    expect(validate(ClaimReply, claim.body).ok).toBe(true);
    const { id, token, epoch } = (claim.body as ClaimReply).lease;
    const path = `/leases/${id}`;
    const ack = await api.post(`${path}/ack`, { epoch, seq: 1 }, token);
    expect(validate(AckReply, ack.body).ok).toBe(true);
    const step = { index: 0, state: "running", exit_code: null, signal: null, duration_ms: null };
    const beat = await api.post(
      `${path}/heartbeat`,
      { epoch, seq: 1, phase: "running", steps: [step] },
      token,
    );
    expect(validate(HeartbeatReply, beat.body).ok).toBe(true);
    const end = {
      epoch,
      seq: 1,
      outcome: "failed",
      reason: "step_failed",
      exit_code: 3,
      summary: "no",
      steps: [],
    };
    const complete = await api.post(`${path}/complete`, end, token);
    expect(validate(CompleteReply, complete.body).ok).toBe(true);
    expect(complete).toEqual({ status: 200, body: { state: "failed" } });
    const rows = await api.world.database`select reason, reason_detail, exit_code from delta.attempts`;
    expect(rows[0]).toEqual({ reason: "step_failed", reason_detail: "no", exit_code: 3 });
  });

  test.each([
    ["an unknown field", { extra: 1 }],
    ["an attempt id that is no id", { attempt_id: "../../x" }],
    ["a nonce that is too short", { boot_nonce: "x" }],
    ["a proof of an unknown kind", { proof: { kind: "password", token: "x" } }],
  ])("refuses a claim with %s", async (_, changes) => {
    const api = await serveApi();
    const answer = await api.post("/claim", claimBody(api, changes));
    expect(answer).toMatchObject({ status: 400, body: { error: "invalid_request" } });
    expect(validate(ProtocolError, answer.body).ok).toBe(true);
  });

  test.each([
    ["2^53 + 1", '{"epoch":9007199254740993,"seq":1}'],
    ["-1", '{"epoch":-1,"seq":1}'],
    ["a text", '{"epoch":"1","seq":1}'],
    ["a fraction", '{"epoch":1.5,"seq":1}'],
    ["a body that breaks off", '{"epoch":1'],
  ])("refuses an epoch of %s", async (_, body) => {
    const api = await serveApi();
    const { path, token } = await claimed(api);
    expect(await api.post(`${path}/ack`, body, token)).toMatchObject({ status: 400 });
  });

  test.each([
    ["an unknown state", { outcome: "DONE" }],
    ["an exit code of 256", { exit_code: 256 }],
    ["a success for a reason", { outcome: "succeeded", reason: "oom" }],
    ["a summary of 5 MB", { summary: "x".repeat(5_000_000) }],
  ])("refuses a completion with %s", async (name, changes) => {
    const api = await serveApi();
    const { path, token, epoch } = await claimed(api);
    await api.post(`${path}/ack`, { epoch, seq: 1 }, token);
    const end = {
      epoch,
      seq: 1,
      outcome: "failed",
      reason: "step_failed",
      exit_code: 1,
      summary: "",
      steps: [],
    };
    const { status } = await api.post(`${path}/complete`, { ...end, ...changes }, token);
    expect(status).toBe(name.includes("5 MB") ? 413 : 400);
    expect((await api.world.attemptOf(api.run, "a")).state).toBe("starting");
  });

  test("answers every lease that is not the caller's with one and the same refusal", async () => {
    const api = await serveApi();
    const other = await serveApi();
    const { path, token, epoch } = await claimed(api);
    const foreign = await claimed(other);
    const body = { epoch, seq: 1 };
    const answers = await Promise.all([
      api.post("/leases/00000000-0000-7000-8000-000000000000/ack", body, token),
      api.post(`${foreign.path}/ack`, body, token),
      api.post(`${path}/ack`, body, foreign.token),
      api.post(`${path}/ack`, { ...body, epoch: epoch + 1 }, token),
    ]);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 409, body: { error: "stale_lease" } });
  });

  test("asks for the lease token", async () => {
    const api = await serveApi();
    const { path, epoch } = await claimed(api);
    expect(await api.post(`${path}/ack`, { epoch, seq: 1 })).toMatchObject({ status: 401 });
  });

  test("slows down a runner that beats without end, and it keeps its lease", async () => {
    const api = await serveApi();
    const { path, token, epoch } = await claimed(api);
    await api.post(`${path}/ack`, { epoch, seq: 1 }, token);
    const beat = async (seq: number): Promise<number> =>
      (await api.post(`${path}/heartbeat`, { epoch, seq, phase: "starting", steps: [] }, token)).status;
    const statuses = await Promise.all(Array.from({ length: 100 }, (_, index) => beat(index + 1)));
    expect(statuses).toContain(429);
    await vi.waitUntil(async () => (await beat(101)) === 200, { timeout: 60_000, interval: 100 });
    const rows = await api.world.database`select state from delta.leases`;
    expect(rows[0]).toEqual({ state: "active" });
  });

  test("slows it down however it writes its lease's id", async () => {
    const api = await serveApi();
    const { path, token, epoch } = await claimed(api);
    await api.post(`${path}/ack`, { epoch, seq: 1 }, token);
    const lease = path.slice(path.lastIndexOf("/") + 1);
    const routes = path.slice(0, -lease.length);
    const written = Array.from(lease, (character, index) => {
      const code = `%${character.charCodeAt(0).toString(16)}`;
      return `${routes}${lease.slice(0, index)}${code}${lease.slice(index + 1)}`;
    });
    const body = (seq: number) => ({ epoch, seq, phase: "starting", steps: [] });
    const beats = written.map(async (at, index) => await api.post(`${at}/heartbeat`, body(index + 1), token));
    const statuses = (await Promise.all(beats)).map(({ status }) => status);
    expect(statuses).toContain(429);
  });

  test("keeps tokens out of what is stored", async () => {
    const api = await serveApi();
    const { token } = await claimed(api);
    const claim = claimToken(api.world.context.serverKey, api.attempt);
    const [row] = await api.world.database<{ all: string }[]>`
      select concat((select jsonb_agg(to_jsonb(l)) from delta.leases l), (select jsonb_agg(to_jsonb(a)) from delta.attempts a),
        (select jsonb_agg(to_jsonb(e)) from delta.audit_events e), (select jsonb_agg(to_jsonb(m)) from delta.runner_messages m)) as all`;
    for (const secret of [token, claim]) {
      expect(row?.all).not.toContain(secret);
      expect(row?.all).not.toContain(Buffer.from(secret).toString("hex"));
    }
  });
});
