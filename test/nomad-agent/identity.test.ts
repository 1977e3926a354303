import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { NomadDispatcher } from "../../nomad/dispatcher.ts";
import { createNomadIdentities } from "../../nomad/index.ts";
import { jobNameOf } from "../../nomad/job-name.ts";
import { rawExecProfile } from "../../nomad/profiles/raw-exec.ts";
import type { RunnerConfig } from "../../schemas/runner-config.ts";
import { type NomadAgent, startNomadAgent } from "../support/nomad/agent.ts";
import { untilGone, untilObserved } from "../support/nomad/cluster.ts";
import { dispatchRequest, nomadConfig, poolOf } from "../support/nomad/requests.ts";
import { missingPart } from "./parts.ts";

describe.runIf(missingPart("agent") === null)("the identity that a real agent issues", () => {
  let agent: NomadAgent;
  beforeAll(async () => {
    agent = await startNomadAgent();
  });
  afterAll(() => agent.stop());

  test("proves its attempt, while Nomad wants it to run and to its own installation alone", async () => {
    const sleeper = rawExecProfile({
      command: "/bin/sh",
      args: ["-c", "exec sleep 3600"],
      workspaceRoot: "/tmp",
      user: null,
    });
    const pools = { long: poolOf(sleeper) };
    const config = nomadConfig(agent.address, { claimProof: "workload_identity", pools });
    const dispatcher = new NomadDispatcher(config);
    const identities = createNomadIdentities(config, null);
    const strangers = createNomadIdentities(nomadConfig(agent.address), null);
    onTestFinished(async () => {
      await dispatcher.close();
      await identities.close();
      await strangers.close();
    });
    const request = dispatchRequest();
    const { attemptId } = request;
    await dispatcher.dispatch(request);
    const cluster = { address: agent.address, context: () => agent.logTail() };
    await untilObserved(cluster, dispatcher, attemptId, (seen) => seen.state === "running");

    const job = jobNameOf(config.installation, attemptId);
    const listed = await fetch(`${agent.address}/v1/job/${job}/allocations`);
    const [allocation] = (await listed.json()) as [{ ID: string }];
    const secrets = join(agent.folder, "data/client/alloc", allocation.ID, "runner/secrets");
    const runnerFile = join(secrets, "runner.json");
    const runnerConfig = JSON.parse(await readFile(runnerFile, "utf8")) as RunnerConfig;
    expect((await stat(runnerFile)).mode & 0o777).toBe(0o600);
    expect(runnerConfig.proof).toEqual({
      kind: "nomad_identity_file",
      file: join(secrets, "nomad_delta.jwt"),
    });
    const jwt = await readFile(join(secrets, "nomad_delta.jwt"), "utf8");

    expect(await identities.verify(jwt)).toEqual({ attemptId });
    expect(await strangers.verify(jwt)).toBeNull();
    const [header, body, signature = ""] = jwt.split(".");
    const flipped = (signature.startsWith("A") ? "B" : "A") + signature.slice(1);
    expect(await identities.verify([header, body, flipped].join("."))).toBeNull();
    await untilGone(cluster, dispatcher, attemptId);
    expect(await identities.verify(jwt)).toBeNull();
  });
});
