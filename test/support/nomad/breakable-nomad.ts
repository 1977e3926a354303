import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { jobNameOf, jobNamePrefix } from "../../../nomad/job-name.ts";
import type { AttemptView, RunView } from "../../../schemas/api.ts";
import type { AttemptId } from "../../../schemas/ids.ts";
import { makeSourceRepository } from "../source-repository.ts";
import type { AgentRole, DaemonRole } from "./agent-config.ts";
import { ContainerWorld } from "./container-world.ts";
import { hasEnded, type PlaneOnNomad, startPlaneOnNomad } from "./control-plane.ts";
import { withDeadline } from "../deadline.ts";
import { importDebian } from "./debian-image.ts";
import { docker } from "./docker-engine.ts";

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
export const LEFTOVER_MS = 60_000;
export interface Allocation {
  readonly ID: string;
  readonly JobID: string;
  readonly ClientStatus: string;
}

export interface Underway {
  readonly world: PlaneOnNomad;
  readonly id: string;
  readonly attempt: string;
  /** Nomad's name of the attempt's job. */
  readonly job: string;
}

/** A Nomad with a Docker engine whose parts a test kills and brings back, and one-job runs on it. */
export class BreakableNomad {
  readonly #containers: ContainerWorld;
  /** A test that fails half-way leaves the next one a whole Nomad. */
  readonly #down = new Set<DaemonRole>();

  private constructor(containers: ContainerWorld) {
    this.#containers = containers;
  }

  static async start(): Promise<BreakableNomad> {
    const containers = await ContainerWorld.start();
    await importDebian(containers.agent.folder, IMAGE);
    return new BreakableNomad(containers);
  }

  async stop(): Promise<void> {
    await this.#containers.stop();
  }

  async kill(role: DaemonRole): Promise<void> {
    this.#down.add(role);
    await this.#containers.agent.kill(role);
  }

  async end(role: AgentRole): Promise<void> {
    this.#down.add(role);
    await this.#containers.agent.end(role);
  }

  async restart(role: DaemonRole): Promise<void> {
    await this.#containers.agent.restart(role);
    this.#down.delete(role);
  }

  /** Brings back what is still down. */
  async mend(): Promise<void> {
    for (const role of ["docker", "server", "client"] as const)
      if (this.#down.has(role)) await this.restart(role);
  }

  /** Lets the step of every run go on. */
  async go(): Promise<void> {
    await writeFile(this.#goFile, "");
  }

  async docker(args: readonly string[]): Promise<string> {
    return await docker(this.#containers.agent.folder, args);
  }

  async containers(): Promise<string[]> {
    const ids = await this.docker(["ps", "--quiet", "--no-trunc"]);
    return ids.split("\n").filter((id) => id !== "");
  }

  /** Calls Nomad's API, whatever it answers. */
  async fetch(path: string, method = "GET", body?: object): Promise<Response> {
    return await fetch(`${this.#containers.agent.address}/v1${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /** The answer of Nomad's API as JSON; anything but success is an Error. */
  async ask<Answer>(path: string, method = "GET", body?: object): Promise<Answer> {
    const answer = await this.fetch(path, method, body);
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return (await answer.json()) as Answer;
  }

  async startWorld(installation: string): Promise<PlaneOnNomad> {
    const world = await startPlaneOnNomad(this.#containers.agent, { installation, pool: POOL });
    const relay = await this.#containers.relayTo(world.plane.url);
    onTestFinished(async () => {
      await world.stop();
      await relay.close();
      await rm(this.#goFile, { force: true });
    });
    return world;
  }

  async begin(world: PlaneOnNomad): Promise<RunView> {
    const repository = makeSourceRepository({ ".delta/pipeline.yaml": PIPELINE });
    onTestFinished(() => repository.remove());
    return await world.runAll(repository);
  }

  /** The step is at work and waits. */
  async underway(installation: string): Promise<Underway> {
    const world = await this.startWorld(installation);
    const { id } = await this.begin(world);
    const attempt = await this.untilUp(world, id, 1);
    return { world, id, attempt, job: jobNameOf(installation, attempt as AttemptId) };
  }

  async untilUp(world: PlaneOnNomad, id: string, number: number): Promise<string> {
    const run = await world.untilRun(id, `attempt ${number} to be at work`, (one) => {
      const attempt = one.jobs[0]?.attempts.find((candidate) => candidate.number === number);
      return attempt?.state === "running" && attempt.streams.some(({ acked }) => acked > 0);
    });
    return run.jobs[0]?.attempts.find((one) => one.number === number)?.id ?? "";
  }

  /** The run's end, when nothing of it is left and its history holds. */
  async ended(world: PlaneOnNomad, id: string): Promise<readonly (readonly (string | null)[])[]> {
    const run = await world.untilRun(id, "the run to end", hasEnded);
    return (run.jobs[0]?.attempts ?? []).map(({ state, reason }: AttemptView) => [state, reason]);
  }

  /** A runner tells its end before its container has gone. */
  async untilNoContainer(): Promise<void> {
    await withDeadline(
      "every container to end",
      LEFTOVER_MS,
      async () => (await this.containers()).length === 0,
    );
  }

  async untilNothingIsLeft(world: PlaneOnNomad, id: string, installation: string): Promise<void> {
    let left = "";
    await withDeadline(
      "every container and allocation to end",
      LEFTOVER_MS,
      async () => {
        const allocations = await this.ask<Allocation[]>("/allocations");
        const live = allocations.filter(
          ({ JobID, ClientStatus }) =>
            JobID.startsWith(jobNamePrefix(installation)) &&
            !["complete", "failed", "lost"].includes(ClientStatus),
        );
        left = JSON.stringify([
          await this.containers(),
          live.map(({ ID, ClientStatus }) => [ID, ClientStatus]),
        ]);
        return left === "[[],[]]";
      },
      async () => `${left}\n${await this.#containers.agent.logTail()}`,
    );
    await world.checkHistory(id);
  }

  get #goFile(): string {
    return join(this.#containers.runnerFolder, "go");
  }
}
