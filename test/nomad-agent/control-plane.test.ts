import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { NomadDispatcher } from "../../nomad/dispatcher.ts";
import { jobNameOf } from "../../nomad/job-name.ts";
import type { AttemptId } from "../../schemas/ids.ts";
import type { ClaimProof } from "../../schemas/runner-protocol.ts";
import { type NomadAgent, startNomadAgent } from "../support/nomad/agent.ts";
import { hasEnded, type PlaneOnNomad, startPlaneOnNomad } from "../support/nomad/control-plane.ts";
import { withDeadline } from "../support/nomad/deadline.ts";
import { dispatchRequest, nomadConfig } from "../support/nomad/requests.ts";
import { makeSourceRepository } from "../support/source-repository.ts";
import { missingPart } from "./parts.ts";

/** A place that is taken, where no runner is: the test itself speaks for it, or nobody does. */
const POOL = {
  task: { driver: "raw_exec", command: "/bin/sh", args: ["-c", "exec sleep 3600"], workspace_root: "/tmp" },
  resources: { cpu_millis: 100, memory_mb: 32, disk_mb: 20 },
  resources_max: { cpu_millis: 2_000, memory_mb: 1_000_000, disk_mb: 100 },
};
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
      20_000,
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

  test("grants a claim to the attempt's own identity alone, once", async () => {
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
    const claim = async (proof: ClaimProof, nonce: string) => {
      const runner = { version: "1", os: "linux", arch: "x64", hostname: "test" };
      const answer = await fetch(`${world.plane.url}/runner/v1/claim`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ attempt_id: a, proof, boot_nonce: nonce.padEnd(22, "x"), runner }),
      });
      const body = (await answer.json()) as { error?: { code: string }; lease?: { epoch: number } };
      return { status: answer.status, ...body };
    };
    const [header, claims, signature = ""] = own.split(".");
    const flipped = (signature.startsWith("A") ? "B" : "A") + signature.slice(1);
    const refused = await Promise.all([
      claim({ kind: "nomad_identity", jwt: stolen }, "thief"),
      claim({ kind: "nomad_identity", jwt: [header, claims, flipped].join(".") }, "forger"),
      claim({ kind: "claim_token", token: "t".repeat(43) }, "guesser"),
    ]);
    expect(refused[0]).toMatchObject({ status: 401 });
    expect(new Set(refused.map((answer) => JSON.stringify(answer))).size).toBe(1);
    const granted = await claim({ kind: "nomad_identity", jwt: own }, "first");
    expect(granted).toMatchObject({ status: 200, lease: { epoch: 1 } });
    expect((await claim({ kind: "nomad_identity", jwt: own }, "second")).status).toBe(409);
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

  test("stops what no attempt owns within a minute", { timeout: 120_000 }, async () => {
    const installation = "orphans";
    const stranger = new NomadDispatcher(nomadConfig(agent.address, { installation }));
    onTestFinished(() => stranger.close());
    const request = dispatchRequest();
    expect(await stranger.dispatch(request)).toMatchObject({ status: "accepted" });
    await startWorld(installation);
    const started = performance.now();
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
    expect(performance.now() - started).toBeLessThan(ORPHAN_MS);
  });
});
