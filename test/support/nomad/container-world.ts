import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { NomadDispatcher } from "../../../nomad/dispatcher.ts";
import { type DockerProfile, dockerProfile } from "../../../nomad/profiles/docker.ts";
import { startRelay } from "../../../runner/relay.ts";
import type { DispatchRequest, Observation } from "../../../schemas/dispatcher.ts";
import type { AttemptId } from "../../../schemas/ids.ts";
import type { CompleteRequest } from "../../../schemas/runner-protocol.ts";
import { ControlPlaneStandIn, type StandInOptions } from "../control-plane-stand-in.ts";
import { makeDispatchRequest, makePlanJob } from "../dispatch-request.ts";
import { makeSourceRepository } from "../source-repository.ts";
import { type NomadAgent, startNomadAgent } from "./agent.ts";
import type { AgentOptions } from "./agent-config.ts";
import { untilGone, untilObserved } from "./cluster.ts";
import { nomadConfig, poolOf } from "./requests.ts";
import { buildTestRunnerFolder } from "./runner-folder.ts";

export const DEBIAN_IMAGE = "delta-test-debian";

/** The profile that operators get, with limits that a test can reach. */
export const hardened: DockerProfile = {
  images: { defaultImage: `${DEBIAN_IMAGE}:1`, allowed: [], requireDigest: false },
  runnerVolume: "delta-runner",
  network: { trusted: "none", fork: "none" },
  capabilities: [],
  runtime: null,
  pidsLimit: 128,
  temporaryMegabytes: 16,
  user: "0",
  seccompFile: null,
};

type Steps = StandInOptions["steps"];
export type StepsOrMaker = Steps | ((plane: ControlPlaneStandIn) => Steps);

export interface RunningRelay {
  close(): Promise<void>;
}

export interface AttemptChoices {
  /** `hardened` unless said. */
  readonly profile?: DockerProfile;
  /** Makes the relay to the control plane of that URL; one of this process unless said. */
  readonly relay?: (controlPlane: string) => Promise<RunningRelay>;
}

/** One attempt under way in a container. */
export interface ContainerAttempt {
  readonly plane: ControlPlaneStandIn;
  readonly dispatcher: NomadDispatcher;
  readonly request: DispatchRequest;
  /** When the register call had been answered, on the monotonic clock. */
  readonly dispatchedAtMs: number;
}

export interface FinishedAttempt extends ContainerAttempt {
  readonly seen: Observation;
  readonly report: CompleteRequest | null;
}

/** A Nomad with a Docker engine and the runner's folder; attempts on it reach a stand-in control plane by the relay. */
export class ContainerWorld {
  readonly agent: NomadAgent;
  readonly runnerFolder: string;

  private constructor(agent: NomadAgent, runnerFolder: string) {
    this.agent = agent;
    this.runnerFolder = runnerFolder;
  }

  static async start(options: AgentOptions = {}): Promise<ContainerWorld> {
    const runnerFolder = await mkdtemp(join(tmpdir(), "delta-folder-"));
    await buildTestRunnerFolder(runnerFolder);
    const hostVolumes = {
      "delta-runner": { path: runnerFolder, readOnly: true },
      "delta-runner-relay": { path: runnerFolder, readOnly: false },
    };
    const agent = await startNomadAgent({ ...options, docker: true, hostVolumes });
    return new ContainerWorld(agent, runnerFolder);
  }

  async stop(): Promise<void> {
    await this.agent.stop();
    await rm(this.runnerFolder, { recursive: true, force: true });
  }

  /** For waits: what the agents and the engine said. */
  get context(): () => Promise<string> {
    return () => this.agent.logTail();
  }

  /** The relay's socket, where the profile's containers look for it. */
  get socketPath(): string {
    return join(this.runnerFolder, "control.sock");
  }

  /** Dispatches an attempt of these steps; it is stopped when the test is over. */
  async carryOut(steps: StepsOrMaker, choices: AttemptChoices = {}): Promise<ContainerAttempt> {
    const repository = makeSourceRepository({ "hello.txt": "from the mirror\n" });
    const options = { repository, steps: [] as Steps };
    const plane = await ControlPlaneStandIn.start(options);
    options.steps = typeof steps === "function" ? steps(plane) : steps;
    const relay = await (choices.relay ?? ((url) => this.relayTo(url)))(plane.url);
    const pools = { default: poolOf(dockerProfile(choices.profile ?? hardened)) };
    const dispatcher = new NomadDispatcher(nomadConfig(this.agent.address, { pools }));
    const request = makeDispatchRequest({
      attemptId: plane.attemptId as AttemptId,
      claimToken: plane.claimToken,
      // Never used: the profile names the relay's socket.
      controlPlaneUrl: "http://192.0.2.1:9",
      trust: "fork",
      job: makePlanJob({
        resources: { cpu_millis: 500, memory_bytes: 256 * 1024 * 1024, disk_bytes: null, pids: 64 },
      }),
    });
    onTestFinished(async () => {
      await untilGone(this, dispatcher, request.attemptId);
      await dispatcher.close();
      await relay.close();
      await plane.stopListening();
      repository.remove();
    });
    expect(await dispatcher.dispatch(request)).toMatchObject({ status: "accepted" });
    return { plane, dispatcher, request, dispatchedAtMs: performance.now() };
  }

  /** The same, waited for until its report has come and Nomad has seen its end. */
  async finished(steps: StepsOrMaker, choices: AttemptChoices = {}): Promise<FinishedAttempt> {
    const attempt = await this.carryOut(steps, choices);
    const { plane, dispatcher, request } = attempt;
    await plane
      .until(() => plane.count("complete") === 1)
      .catch(async (cause: unknown) => {
        throw new Error(await this.agent.logTail(), { cause });
      });
    expect(plane.violations).toEqual([]);
    const isOver = (one: Observation): boolean => one.state === "exited";
    const seen = await untilObserved(this, dispatcher, request.attemptId, isOver);
    return { ...attempt, seen, report: plane.complete };
  }

  /** A relay of this process, from where the containers look for it to that control plane. */
  async relayTo(url: string): Promise<RunningRelay> {
    return await startRelay({
      socketPath: this.socketPath,
      controlPlane: new URL(url),
      ca: null,
      connectionsMax: 64,
      idleMs: 60_000,
      connectMs: 5_000,
    });
  }
}
