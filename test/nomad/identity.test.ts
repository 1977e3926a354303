import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { describe, expect, onTestFinished, test } from "vitest";
import { NomadClient } from "../../nomad/client.ts";
import { NomadDispatcher } from "../../nomad/dispatcher.ts";
import { NomadIdentityVerifier } from "../../nomad/identity.ts";
import { JobApi } from "../../nomad/job-api.ts";
import { jobNameOf } from "../../nomad/job-name.ts";
import { startFakeNomad } from "../support/nomad/fake-nomad.ts";
import { dispatchRequest, nomadConfig } from "../support/nomad/requests.ts";

async function world() {
  const fake = await startFakeNomad();
  const config = nomadConfig(fake.address);
  const dispatcher = new NomadDispatcher(config);
  const client = new NomadClient(config);
  let now = 0;
  const settings = { ...config, issuer: null, ageSecondsMax: 600 };
  const verifier = new NomadIdentityVerifier(client, new JobApi(client), settings, () => now);
  const request = dispatchRequest();
  await dispatcher.dispatch(request);
  const job = jobNameOf(config.installation, request.attemptId);
  const [allocation] = fake.state.jobs.get(job)?.allocations ?? [];
  const newKey = async () => {
    const { publicKey, privateKey } = await generateKeyPair("RS256");
    const kid: string = randomUUID();
    return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" } };
  };
  const key = await newKey();
  fake.keys = [key.jwk];
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const claims: JWTPayload = {
    sub: `global:default:${job}:attempt:runner:delta`,
    aud: "delta-ci",
    iat: nowSeconds,
    nbf: nowSeconds,
    exp: nowSeconds + 3_600,
    jti: randomUUID(),
    nomad_namespace: "default",
    nomad_job_id: job,
    nomad_allocation_id: allocation?.id,
    nomad_task: "runner",
  };
  const sign = (changes: Readonly<Record<string, unknown>> = {}, by = key) =>
    new SignJWT({ ...claims, ...changes })
      .setProtectedHeader({ alg: "RS256", kid: by.kid })
      .sign(by.privateKey);
  onTestFinished(async () => {
    await dispatcher.close();
    await client.close();
    await fake.close();
  });
  return { fake, dispatcher, verifier, request, sign, newKey, nowSeconds, pass: (ms: number) => (now += ms) };
}

describe("a workload identity", () => {
  test("names its attempt", async () => {
    const { verifier, request, sign } = await world();
    expect(await verifier.verify(await sign())).toEqual({ attemptId: request.attemptId });
  });

  test.each<readonly [string, (now: number) => Readonly<Record<string, unknown>>]>([
    ["for somebody else", () => ({ aud: "vault.io" })],
    ["expired", (now) => ({ exp: now - 60 })],
    ["not valid yet", (now) => ({ nbf: now + 3_600 })],
    ["issued long ago", (now) => ({ iat: now - 3_600 })],
    ["without an expiry", () => ({ exp: undefined })],
    ["of another namespace", () => ({ nomad_namespace: "other" })],
    ["of another task in the job", () => ({ nomad_task: "sidecar" })],
    ["of another identity of the task", () => ({ sub: "global:default:x:attempt:runner:vault" })],
    ["of a job that is not ours", () => ({ nomad_job_id: "web" })],
    ["of an allocation that Nomad does not list", () => ({ nomad_allocation_id: randomUUID() })],
  ])("%s is refused", async (_what, changes) => {
    const { verifier, sign, nowSeconds } = await world();
    expect(await verifier.verify(await sign(changes(nowSeconds)))).toBeNull();
  });

  test("of a clock that differs by half a minute is accepted, and of one that differs by more refused", async () => {
    const { verifier, request, sign, nowSeconds } = await world();
    const issuedAt = (seconds: number) => sign({ iat: seconds, nbf: seconds });
    expect(await verifier.verify(await issuedAt(nowSeconds + 20))).toEqual({ attemptId: request.attemptId });
    expect(await verifier.verify(await issuedAt(nowSeconds + 90))).toBeNull();
    const ended = (seconds: number) => sign({ exp: seconds });
    expect(await verifier.verify(await ended(nowSeconds - 10))).toEqual({ attemptId: request.attemptId });
    expect(await verifier.verify(await ended(nowSeconds - 90))).toBeNull();
  });

  test("of an attempt that was stopped is refused", async () => {
    const { verifier, dispatcher, request, sign } = await world();
    const jwt = await sign();
    await dispatcher.stop({ attemptId: request.attemptId, graceMs: 0 });
    expect(await verifier.verify(jwt)).toBeNull();
  });

  test("signed by a stranger's key, under the cluster's key id or its own, is refused", async () => {
    const { verifier, sign, newKey, fake } = await world();
    const stranger = await newKey();
    expect(await verifier.verify(await sign({}, stranger))).toBeNull();
    const kid = (fake.keys[0] as { kid: string }).kid;
    expect(await verifier.verify(await sign({}, { ...stranger, kid }))).toBeNull();
  });

  test("that is no token, or unsigned, is refused", async () => {
    const { verifier, sign } = await world();
    const [, body = ""] = (await sign()).split(".");
    const header = Buffer.from('{"alg":"none"}').toString("base64url");
    for (const text of ["", "x", "a.b.c", `${header}.${body}.`, `${header}.${body}.AAAA`]) {
      expect(await verifier.verify(text)).toBeNull();
    }
  });

  test("of a rotated key is accepted, and unknown keys do not make us ask without end", async () => {
    const { verifier, fake, request, sign, newKey, pass } = await world();
    await verifier.verify(await sign());
    const next = await newKey();
    fake.keys = [next.jwk];
    const jwt = await sign({}, next);
    const asked = () => fake.calls.filter((call) => call.endsWith("jwks.json")).length;
    for (let tries = 0; tries < 5; tries += 1) expect(await verifier.verify(jwt)).toBeNull();
    expect(asked()).toBe(1);
    pass(1_000);
    expect(await verifier.verify(jwt)).toEqual({ attemptId: request.attemptId });
    expect(asked()).toBe(2);
  });

  test("of a withdrawn key is refused after ten minutes at the latest", async () => {
    const { verifier, fake, request, sign, newKey, pass } = await world();
    const jwt = await sign();
    expect(await verifier.verify(jwt)).toEqual({ attemptId: request.attemptId });
    fake.keys = [(await newKey()).jwk];
    pass(10 * 60_000 + 1);
    expect(await verifier.verify(jwt)).toBeNull();
  });

  test("cannot be checked while Nomad is away, and that is an error, not a refusal", async () => {
    const { verifier, fake, sign } = await world();
    const jwt = await sign();
    await fake.close();
    await expect(verifier.verify(jwt)).rejects.toMatchObject({ name: "NomadError" });
    fake.close = () => Promise.resolve();
  });
});
