import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { NomadDispatcher } from "../../nomad/dispatcher.ts";
import { IDENTITY_AGE_SECONDS } from "../../nomad/identity.ts";
import { jobNameOf } from "../../nomad/job-name.ts";
import { rawExecProfile } from "../../nomad/profiles/raw-exec.ts";
import type { AttemptId } from "../../schemas/ids.ts";
import type { ClaimProof } from "../../schemas/runner-protocol.ts";
import { type NomadAgent, startNomadAgent } from "../support/nomad/agent.ts";
import { hasEnded, type PlaneOnNomad, startPlaneOnNomad } from "../support/nomad/control-plane.ts";
import { withDeadline } from "../support/deadline.ts";
import { dispatchRequest, nomadConfig, poolOf } from "../support/nomad/requests.ts";
import { makeSourceRepository } from "../support/source-repository.ts";
import { missingPart } from "./parts.ts";

/** A place that is taken, where no runner is: the test itself speaks for it, or nobody does. */
const POOL = {
  task: { driver: "raw_exec", command: "/bin/sh", args: ["-c", "exec sleep 3600"], workspace_root: "/tmp" },
  resources: { cpu_millis: 100, memory_mb: 32, disk_mb: 20 },
  resources_max: { cpu_millis: 2_000, memory_mb: 1_000_000, disk_mb: 100 },
};
const SLEEPER = { command: "/bin/sh", args: ["-c", "exec sleep 3600"], workspaceRoot: "/tmp", user: null };
/** The most that an allocation without a live lease may go on. */
const ORPHAN_MS = 60_000;

describe.runIf(missingPart("agent") === null)("a control plane whose dispatcher is a real Nomad", () => {
  let agent: NomadAgent;
  beforeAll(async () => {
    agent = await startNomadAgent();
  });
  afterAll(() => agent.stop());

  async function startWorld(installation: string): Promise<PlaneOnNomad> {
    const world = await startPlaneOnNomad(agent, { installation, pool: POOL });
    onTestFinished(() => world.stop());
    return world;
  }

  async function repositoryWith(jobs: string) {
    const repository = makeSourceRepository({
      ".delta/pipeline.yaml": `version: 1\nname: shop\njobs:\n${jobs}`,
    });
    onTestFinished(() => repository.remove());
    return repository;
  }

  /** The identity that Nomad wrote for the attempt's runner. */
  async function identityOf(installation: string, attemptId: string): Promise<string> {
    const job = jobNameOf(installation, attemptId as AttemptId);
    let jwt = "";
    await withDeadline(
      `the identity of ${job}`,
      60_000,
      async () => {
        const answer = await fetch(`${agent.address}/v1/job/${job}/allocations`);
        const [allocation] = (await answer.json()) as [{ ID: string }];
        const secrets = join(agent.folder, "data/client/alloc", allocation.ID, "runner/secrets");
        jwt = await readFile(join(secrets, "nomad_delta.jwt"), "utf8");
      },
      () => agent.logTail(),
    );
    return jwt;
  }

  /** Nomad answers to a stop before it has evaluated the job: until then its allocation shall still run. */
  async function untilStopped(job: string): Promise<void> {
    await withDeadline(
      `the allocation of ${job} to be told to stop`,
      60_000,
      async () => {
        const answer = await fetch(`${agent.address}/v1/job/${job}/allocations`);
        const allocations = (await answer.json()) as { DesiredStatus: string }[];
        return allocations.length > 0 && allocations.every((one) => one.DesiredStatus === "stop");
      },
      () => agent.logTail(),
    );
  }

  /** Signed by the same cluster, for an attempt of another installation. */
  async function foreignIdentity(): Promise<string> {
    const pools = { long: poolOf(rawExecProfile(SLEEPER)) };
    const config = nomadConfig(agent.address, { claimProof: "workload_identity", pools });
    const stranger = new NomadDispatcher(config);
    onTestFinished(() => stranger.close());
    const request = dispatchRequest();
    expect(await stranger.dispatch(request)).toMatchObject({ status: "accepted" });
    const identity = await identityOf(config.installation, request.attemptId);
    await stranger.stop({ attemptId: request.attemptId, graceMs: 0 });
    return identity;
  }

  test("grants a claim to the attempt's own identity alone, once, and refuses every other alike", async () => {
    const world = await startWorld("claims");
    const repository = await repositoryWith("  a: { steps: [make] }\n  b: { steps: [make] }\n");
    const made = await world.runAll(repository);
    const run = await world.untilRun(
      made.id,
      "two attempts on Nomad",
      ({ jobs }) => jobs.length === 2 && jobs.every((job) => job.attempts[0]?.state === "dispatched"),
    );
    const [a = "", b = ""] = run.jobs.map((job) => job.attempts[0]?.id);
    const [own, stolen] = [await identityOf("claims", a), await identityOf("claims", b)];
    let runners = 0;
    const claim = async (proof: ClaimProof, attempt = a) => {
      const runner = { version: "1", os: "linux", arch: "x64", hostname: "test" };
      runners += 1;
      const answer = await fetch(`${world.plane.url}/runner/v1/claim`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          attempt_id: attempt,
          proof,
          boot_nonce: `runner-${runners}-`.padEnd(22, "x"),
          runner,
        }),
      });
      return { status: answer.status, text: await answer.text() };
    };
    const claimWith = (jwt: string, attempt = a) => claim({ kind: "nomad_identity", jwt }, attempt);
    const refusals = {
      none: await claim({ kind: "claim_token", token: "t".repeat(43) }),
      "none, but words": await claimWith("this is no identity at all"),
      stolen: await claimWith(stolen),
      foreign: await claimWith(await foreignIdentity()),
      forged: await claimWith(forged(own)),
      "signed by another cluster": await claimWith(await signedElsewhere(own)),
      "of an attempt that does not exist": await claimWith(own, "0197aaaa-0000-7000-8000-000000000000"),
      "when the control plane's clock is behind": await inTheFuture(-300_000, () => claimWith(own)),
      old: await inTheFuture(IDENTITY_AGE_SECONDS * 1_000 + 60_000, () => claimWith(own)),
      expired: await inTheFuture(30 * 24 * 3_600_000, () => claimWith(own)),
    };
    expect(refusals.none.status).toBe(401);
    for (const [what, answer] of Object.entries(refusals)) expect(answer, what).toEqual(refusals.none);

    // Clocks of two machines are never the same: so much is forgiven.
    const granted = await inTheFuture(-20_000, () => claimWith(own));
    expect(granted.status).toBe(200);
    expect(JSON.parse(granted.text)).toMatchObject({ lease: { epoch: 1 } });
    expect(await claimWith(own), "replayed while the lease is held").toEqual(refusals.none);
    const job = jobNameOf("claims", b as AttemptId);
    await fetch(`${agent.address}/v1/job/${job}`, { method: "DELETE" });
    await untilStopped(job);
    expect(await claimWith(stolen, b), "replayed after its allocation was stopped").toEqual(refusals.none);
  });

  test("says why Nomad does not place an attempt, until the queue's time is over", async () => {
    const world = await startWorld("nowhere");
    const repository = await repositoryWith(
      "  huge: { queue_timeout: 10s, resources: { memory: 500GiB }, steps: [make] }\n",
    );
    const { id } = await world.runAll(repository);
    const why = /^not placed: 1 node of node pool "default" fully used: too little memory on 1 node/;
    const waiting = await world.untilRun(id, "a reason to wait", ({ jobs }) =>
      why.test(jobs[0]?.attempts[0]?.pending ?? ""),
    );
    expect(waiting.jobs[0]?.pending).toMatch(why);
    const run = await world.untilRun(id, "the queue's time to be over", hasEnded);
    expect(run.jobs[0]?.attempts).toMatchObject([{ state: "timed_out", reason: "queue_timeout" }]);
    expect(run.jobs[0]?.attempts[0]?.reason_detail).toMatch(why);
  });

  test("stops what no attempt owns within a minute", { timeout: 240_000 }, async () => {
    const installation = "orphans";
    const stranger = new NomadDispatcher(nomadConfig(agent.address, { installation }));
    onTestFinished(() => stranger.close());
    const request = dispatchRequest();
    expect(await stranger.dispatch(request)).toMatchObject({ status: "accepted" });
    await startWorld(installation);
    await withDeadline(
      "the orphan's allocation to end",
      ORPHAN_MS,
      async () => {
        const job = jobNameOf(installation, request.attemptId);
        const answer = await fetch(`${agent.address}/v1/job/${job}/allocations`);
        const allocations = (await answer.json()) as { ClientStatus: string }[];
        return allocations.length > 0 && allocations.every((one) => one.ClientStatus === "complete");
      },
      () => agent.logTail(),
    );
  });
});

/** One bit of the signature is another. */
function forged(jwt: string): string {
  const [header, claims, signature = ""] = jwt.split(".");
  return [header, claims, (signature.startsWith("A") ? "B" : "A") + signature.slice(1)].join(".");
}

/** The same claims and the same key id, by a key that the cluster does not have. */
async function signedElsewhere(jwt: string): Promise<string> {
  const { privateKey } = await generateKeyPair("RS256");
  const header = decodeProtectedHeader(jwt);
  return await new SignJWT(decodeJwt(jwt)).setProtectedHeader({ ...header, alg: "RS256" }).sign(privateKey);
}

/** The control plane's clock, which is this process's, shows another time while `ask` lasts. */
async function inTheFuture<Answer>(byMs: number, ask: () => Promise<Answer>): Promise<Answer> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + byMs });
  try {
    return await ask();
  } finally {
    vi.useRealTimers();
  }
}
