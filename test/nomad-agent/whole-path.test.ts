import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { readConfig, startControlPlane } from "../../control-plane/main.ts";
import { createNomadDispatcher, dockerProfile } from "../../nomad/index.ts";
import { startRelay } from "../../runner/relay.ts";
import type { RunView } from "../../schemas/api.ts";
import { type NomadAgent, startNomadAgent } from "../support/nomad/agent.ts";
import { withDeadline } from "../support/nomad/deadline.ts";
import { importDebian } from "../support/nomad/debian-image.ts";
import { nomadConfig, poolOf } from "../support/nomad/requests.ts";
import { buildTestRunnerFolder } from "../support/nomad/runner-folder.ts";
import { makeSourceRepository } from "../support/source-repository.ts";
import { missingPart } from "./parts.ts";

const PIPELINE = `version: 1
name: shop
jobs:
  build:
    steps:
      - cat hello.txt
      - ls /sys/class/net
  broken:
    steps:
      - exit 3
`;

describe.runIf(missingPart("docker") === null)("from a commit to a result on a real Nomad", () => {
  let agent: NomadAgent;
  let runnerFolder: string;
  let stateFolder: string;
  beforeAll(async () => {
    runnerFolder = await mkdtemp(join(tmpdir(), "delta-folder-"));
    stateFolder = await mkdtemp(join(tmpdir(), "delta-state-"));
    await buildTestRunnerFolder(runnerFolder);
    const volume = { path: runnerFolder, readOnly: true };
    agent = await startNomadAgent({ docker: true, hostVolumes: { "delta-runner": volume } });
    await importDebian(agent.folder, "delta-test-debian");
  }, 300_000);
  afterAll(async () => {
    await agent?.stop();
    for (const folder of [runnerFolder, stateFolder]) await rm(folder, { recursive: true, force: true });
  });

  test("a run's jobs are carried out in containers without a network", { timeout: 180_000 }, async () => {
    const repository = makeSourceRepository({ ".delta/pipeline.yaml": PIPELINE, "hello.txt": "hello\n" });
    const profile = dockerProfile({
      images: { defaultImage: "delta-test-debian:1", allowed: [], requireDigest: false },
      runnerVolume: "delta-runner",
      network: { trusted: "none", fork: "none" },
      capabilities: [],
      runtime: null,
      pidsLimit: 128,
      temporaryMegabytes: 16,
      user: "0",
      seccompFile: null,
    });
    const pool = {
      ...poolOf(profile),
      resources: { cpuMillis: 200, memoryMegabytes: 256, diskMegabytes: 100 },
    };
    const dispatcher = createNomadDispatcher(nomadConfig(agent.address, { pools: { default: pool } }));
    const config = readConfig({ DELTA_PORT: "0", DELTA_LOG_LEVEL: "warn" }, { stateFolder, port: 0 });
    const plane = await startControlPlane(config, { dispatcher, logStream: { write: () => undefined } });
    const relay = await startRelay({
      socketPath: join(runnerFolder, "control.sock"),
      controlPlane: new URL(plane.url),
      ca: null,
      connectionsMax: 64,
      idleMs: 60_000,
      connectMs: 5_000,
    });
    onTestFinished(async () => {
      await plane.stop();
      await relay.close();
      repository.remove();
    });
    const headers = { authorization: `Bearer ${plane.apiToken}`, "content-type": "application/json" };
    const call = async <Answer>(path: string, body?: object): Promise<Answer> => {
      const method = body === undefined ? "GET" : "POST";
      const answer = await fetch(`${plane.url}/api/v1${path}`, {
        method,
        headers,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
      return JSON.parse(text) as Answer;
    };
    const made = await call<RunView>("/runs", {
      repository_path: repository.path,
      head: repository.commit,
      base: null,
      ref: "refs/heads/main",
      default_branch: "main",
      jobs: [],
      all: true,
    });
    let run = made;
    await withDeadline(
      "the run to end",
      120_000,
      async () => {
        run = await call<RunView>(`/runs/${made.id}`);
        return ["succeeded", "failed", "plan_failed", "canceled", "timed_out"].includes(run.state);
      },
      async () => `${JSON.stringify(run, null, 1)}\n${await agent.logTail()}`,
    );
    const attempts = run.jobs.map((job) => [
      job.key,
      ...job.attempts.map((one) => [one.state, one.reason, one.exit_code]),
    ]);
    expect(attempts).toEqual([
      ["build", ["succeeded", "ok", 0]],
      ["broken", ["failed", "step_failed", 3]],
    ]);
    const build = run.jobs[0]?.attempts[0]?.id;
    const log = await fetch(`${plane.url}/api/v1/attempts/${build}/logs/2`, { headers });
    expect(await log.text()).toBe("lo\n");
  });
});
