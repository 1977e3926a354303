import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { jobNameOf, jobNamePrefix } from "../../nomad/job-name.ts";
import { startRelay } from "../../runner/relay.ts";
import type { AttemptView, RunView } from "../../schemas/api.ts";
import type { AttemptId } from "../../schemas/ids.ts";
import { RUNNER_EXIT } from "../../schemas/runner-exit.ts";
import { type NomadAgent, startNomadAgent } from "../support/nomad/agent.ts";
import type { AgentRole, DaemonRole } from "../support/nomad/agent-config.ts";
import { hasEnded, type PlaneOnNomad, startPlaneOnNomad } from "../support/nomad/control-plane.ts";
import { withDeadline } from "../support/nomad/deadline.ts";
import { importDebian } from "../support/nomad/debian-image.ts";
import { docker } from "../support/nomad/docker-engine.ts";
import { buildTestRunnerFolder } from "../support/nomad/runner-folder.ts";
import { makeSourceRepository } from "../support/source-repository.ts";
import { missingPart } from "./parts.ts";

const IMAGE = "delta-faults-debian";
const POOL = {
  task: { driver: "docker", default_image: `${IMAGE}:1`, pids_limit: 128, tmp_mb: 16 },
  resources: { cpu_millis: 200, memory_mb: 256, disk_mb: 100 },
  resources_max: { cpu_millis: 2_000, memory_mb: 1_024, disk_mb: 1_000 },
};
/** The job goes on when the test puts a file into the runner's folder, which every container sees. */
const PIPELINE = `version: 1
name: shop
jobs:
  a:
    steps:
      - echo up; while [ ! -e /delta/go ]; do sleep 0.1; done; echo done
`;
/** The most that a container or an allocation without a live lease may go on. */
const LEFTOVER_MS = 60_000;
/** A lease that is not renewed, its retry's delay, and a start: some of them twice. */
const TEST_MS = 240_000;

interface Allocation {
  readonly ID: string;
  readonly JobID: string;
  readonly ClientStatus: string;
}

interface Underway {
  readonly world: PlaneOnNomad;
  readonly id: string;
  readonly attempt: string;
  /** Nomad's name of the attempt's job. */
  readonly job: string;
}

describe.runIf(missingPart("docker") === null)("an attempt in a container, when something dies", () => {
  let agent: NomadAgent;
  let runnerFolder: string;
  beforeAll(async () => {
    runnerFolder = await mkdtemp(join(tmpdir(), "delta-folder-"));
    await buildTestRunnerFolder(runnerFolder);
    const volume = { path: runnerFolder, readOnly: true };
    agent = await startNomadAgent({ docker: true, hostVolumes: { "delta-runner": volume } });
    await importDebian(agent.folder, IMAGE);
  }, 300_000);
  afterAll(async () => {
    await agent?.stop();
    await rm(runnerFolder, { recursive: true, force: true });
  });

  /** A test that fails half-way leaves the next one a whole Nomad. */
  const down = new Set<DaemonRole>();
  const kill = async (role: DaemonRole): Promise<void> => {
    down.add(role);
    await agent.kill(role);
  };
  const end = async (role: AgentRole): Promise<void> => {
    down.add(role);
    await agent.end(role);
  };
  const restart = async (role: DaemonRole): Promise<void> => {
    await agent.restart(role);
    down.delete(role);
  };
  afterEach(async () => {
    for (const role of ["docker", "server", "client"] as const) if (down.has(role)) await restart(role);
  }, 120_000);

  const go = () => writeFile(join(runnerFolder, "go"), "");
  const containers = async (): Promise<string[]> =>
    (await docker(agent.folder, ["ps", "--quiet", "--no-trunc"])).split("\n").filter((id) => id !== "");
  const nomad = async <Answer>(path: string, method = "GET", body?: object): Promise<Answer> => {
    const answer = await fetch(`${agent.address}/v1${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return (await answer.json()) as Answer;
  };

  async function startWorld(installation: string): Promise<PlaneOnNomad> {
    const world = await startPlaneOnNomad(agent, { installation, pool: POOL });
    const relay = await startRelay({
      socketPath: join(runnerFolder, "control.sock"),
      controlPlane: new URL(world.plane.url),
      ca: null,
      connectionsMax: 64,
      idleMs: 60_000,
      connectMs: 5_000,
    });
    onTestFinished(async () => {
      await world.stop();
      await relay.close();
      await rm(join(runnerFolder, "go"), { force: true });
    });
    return world;
  }

  async function begin(world: PlaneOnNomad): Promise<RunView> {
    const repository = makeSourceRepository({ ".delta/pipeline.yaml": PIPELINE });
    onTestFinished(() => repository.remove());
    return await world.runAll(repository);
  }

  /** The step is at work and waits. */
  async function underway(installation: string): Promise<Underway> {
    const world = await startWorld(installation);
    const { id } = await begin(world);
    const attempt = await untilUp(world, id, 1);
    return { world, id, attempt, job: jobNameOf(installation, attempt as AttemptId) };
  }

  async function untilUp(world: PlaneOnNomad, id: string, number: number): Promise<string> {
    const run = await world.untilRun(id, `attempt ${number} to be at work`, (one) => {
      const attempt = one.jobs[0]?.attempts.find((candidate) => candidate.number === number);
      return attempt?.state === "running" && attempt.streams.some(({ acked }) => acked > 0);
    });
    return run.jobs[0]?.attempts.find((one) => one.number === number)?.id ?? "";
  }

  /** The run's end, when nothing of it is left and its history holds. */
  async function ended(world: PlaneOnNomad, id: string): Promise<readonly (readonly (string | null)[])[]> {
    const run = await world.untilRun(id, "the run to end", hasEnded);
    return (run.jobs[0]?.attempts ?? []).map(({ state, reason }: AttemptView) => [state, reason]);
  }

  async function untilNothingIsLeft(world: PlaneOnNomad, id: string, installation: string): Promise<void> {
    let left = "";
    await withDeadline(
      "every container and allocation to end",
      LEFTOVER_MS,
      async () => {
        const allocations = await nomad<Allocation[]>("/allocations");
        const live = allocations.filter(
          ({ JobID, ClientStatus }) =>
            JobID.startsWith(jobNamePrefix(installation)) &&
            !["complete", "failed", "lost"].includes(ClientStatus),
        );
        left = JSON.stringify([await containers(), live.map(({ ID, ClientStatus }) => [ID, ClientStatus])]);
        return left === "[[],[]]";
      },
      async () => `${left}\n${await agent.logTail()}`,
    );
    await world.checkHistory(id);
  }

  test("kill -9 of the client's agent, and its return: the same runner carries on", {
    timeout: TEST_MS,
  }, async () => {
    const { world, id } = await underway("client");
    const before = await containers();
    await kill("client");
    await restart("client");
    expect(await containers()).toEqual(before);
    await go();
    expect(await ended(world, id)).toEqual([["succeeded", "ok"]]);
    await untilNothingIsLeft(world, id, "client");
  });

  test("a restart of client and server in order: the same runner carries on", {
    timeout: TEST_MS,
  }, async () => {
    const { world, id } = await underway("restart");
    const before = await containers();
    for (const role of ["client", "server"] as const) await end(role);
    for (const role of ["server", "client"] as const) await restart(role);
    expect(await containers()).toEqual(before);
    await go();
    expect(await ended(world, id)).toEqual([["succeeded", "ok"]]);
    await untilNothingIsLeft(world, id, "restart");
  });

  test("no Nomad while the job runs: it completes all the same", { timeout: TEST_MS }, async () => {
    const { world, id } = await underway("away");
    await kill("client");
    await kill("server");
    await go();
    expect(await ended(world, id)).toEqual([["succeeded", "ok"]]);
    await restart("server");
    await restart("client");
    await untilNothingIsLeft(world, id, "away");
  });

  test("no Nomad at the dispatch: it starts once when Nomad is back", { timeout: TEST_MS }, async () => {
    const world = await startWorld("dispatch");
    await kill("server");
    const { id } = await begin(world);
    await world.untilRun(id, "an attempt to be dispatched", ({ jobs }) => jobs[0]?.attempts.length === 1);
    await restart("server");
    const attempt = await untilUp(world, id, 1);
    await go();
    expect(await ended(world, id)).toEqual([["succeeded", "ok"]]);
    const job = jobNameOf("dispatch", attempt as AttemptId);
    expect(await nomad<Allocation[]>(`/job/${job}/allocations?all=true`)).toHaveLength(1);
    await untilNothingIsLeft(world, id, "dispatch");
  });

  test("no Nomad at a cancel: the runner stops, and Nomad learns of it later", {
    timeout: TEST_MS,
  }, async () => {
    const { world, id } = await underway("cancel");
    await kill("server");
    await world.cancel(id);
    expect(await ended(world, id)).toEqual([["canceled", "canceled_run"]]);
    expect(await containers()).toEqual([]);
    await restart("server");
    await untilNothingIsLeft(world, id, "cancel");
  });

  test("kill -9 of the container: the attempt is lost, and the next one carries the job out", {
    timeout: TEST_MS,
  }, async () => {
    const { world, id } = await underway("container");
    await docker(agent.folder, ["kill", "--signal=KILL", ...(await containers())]);
    await untilUp(world, id, 2);
    await go();
    expect(await ended(world, id)).toEqual([
      ["lost", "runner_lost"],
      ["succeeded", "ok"],
    ]);
    await untilNothingIsLeft(world, id, "container");
  });

  test("kill -9 of the Docker engine, and its return: no attempt is carried out twice", {
    timeout: TEST_MS,
  }, async () => {
    const { world, id } = await underway("engine");
    await kill("docker");
    await restart("docker");
    await untilUp(world, id, 2);
    await go();
    // Without live restore the new engine ends what the old one left: with a word, if there was time for it.
    const [first, ...rest] = await ended(world, id);
    expect([
      ["failed", "runner_error"],
      ["lost", "runner_lost"],
    ]).toContainEqual(first);
    expect(rest).toEqual([["succeeded", "ok"]]);
    await untilNothingIsLeft(world, id, "engine");
  });

  test("a second start of the same allocation claims nothing", { timeout: TEST_MS }, async () => {
    const { world, id, job } = await underway("twice");
    const [first = ""] = await containers();
    await kill("client");
    await docker(agent.folder, ["rm", "--force", first]);
    // The client cannot find its task, and starts it again: no restart policy is asked.
    await restart("client");
    await withDeadline("the second runner to be refused", LEFTOVER_MS, async () => {
      const [{ TaskStates }] = await nomad<[{ TaskStates: object }]>(`/job/${job}/allocations`);
      return JSON.stringify(TaskStates).includes(`"exit_code":"${RUNNER_EXIT.claim_refused}"`);
    });
    await world.untilLog(/already_claimed.*a claim was refused/);
    const [allocation, ...others] = await nomad<(Allocation & { TaskStates: object })[]>(
      `/job/${job}/allocations?all=true`,
    );
    expect(others).toEqual([]);
    expect(JSON.stringify(allocation?.TaskStates)).toMatch(/"Type":"Started".*"Type":"Started"/);
    await untilUp(world, id, 2);
    await go();
    expect(await ended(world, id)).toEqual([
      ["lost", "runner_lost"],
      ["succeeded", "ok"],
    ]);
    await untilNothingIsLeft(world, id, "twice");
  });

  test("a drain to its deadline: the attempt ends, the next one waits for a node", {
    timeout: TEST_MS,
  }, async () => {
    const { world, id } = await underway("drain");
    const [node] = await nomad<[{ ID: string }]>("/nodes");
    const spec = { Deadline: 1_000_000_000, IgnoreSystemJobs: true };
    await nomad(`/node/${node.ID}/drain`, "POST", { DrainSpec: spec, MarkEligible: false });
    const why = /^not placed: node pool "default" has no node that takes work now/;
    await world.untilRun(id, "the next attempt to say why it waits", ({ jobs }) =>
      why.test(jobs[0]?.attempts[1]?.pending ?? ""),
    );
    await nomad(`/node/${node.ID}/drain`, "POST", { DrainSpec: null, MarkEligible: true });
    await untilUp(world, id, 2);
    await go();
    expect(await ended(world, id)).toEqual([
      ["failed", "runner_error"],
      ["succeeded", "ok"],
    ]);
    await untilNothingIsLeft(world, id, "drain");
  });

  test.each(["stopped", "purged"])(
    "a job that is %s by hand: the attempt ends, the next one carries the job out",
    { timeout: TEST_MS },
    async (how) => {
      const { world, id, job } = await underway(how);
      await nomad(`/job/${job}?purge=${how === "purged"}`, "DELETE");
      await untilUp(world, id, 2);
      await go();
      expect(await ended(world, id)).toEqual([
        ["failed", "runner_error"],
        ["succeeded", "ok"],
      ]);
      await untilNothingIsLeft(world, id, how);
    },
  );

  test("garbage collection while the job runs and after its end changes nothing", {
    timeout: TEST_MS,
  }, async () => {
    const { world, id, job } = await underway("garbage");
    const collect = () => fetch(`${agent.address}/v1/system/gc`, { method: "PUT" });
    await collect();
    await go();
    expect(await ended(world, id)).toEqual([["succeeded", "ok"]]);
    await withDeadline("Nomad to forget the job", 60_000, async () => {
      await collect();
      return (await fetch(`${agent.address}/v1/job/${job}`)).status === 404;
    });
    await untilNothingIsLeft(world, id, "garbage");
  });
});
