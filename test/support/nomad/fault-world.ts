import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { connect, type Database } from "../../../control-plane/db/client.ts";
import { startEmbeddedPostgres } from "../../../control-plane/db/embedded/embedded-postgres.ts";
import { requestCancel } from "../../../control-plane/lifecycle/index.ts";
import { readConfig, startControlPlane } from "../../../control-plane/main.ts";
import type { NomadPool } from "../../../nomad/config.ts";
import { NomadDispatcher } from "../../../nomad/dispatcher.ts";
import { jobNameOf } from "../../../nomad/job-name.ts";
import type { AttemptId, RepositoryId, RunId } from "../../../schemas/ids.ts";
import type { Plan } from "../../../schemas/plan.ts";
import { HistoryChecker } from "../../simulation/history-checker.ts";
import { insertPlannedRun, insertRepository, TEST_AUTHOR } from "../planned-run.ts";
import { testJob, testPlan } from "../plans.ts";
import type { Cluster } from "./cluster.ts";
import { withDeadline } from "../deadline.ts";
import { FakeRunners } from "./fake-runners.ts";
import { CALLS, REQUEST_TIMEOUT_MS } from "./fault-catalogue.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { nomadConfig } from "./requests.ts";

/** Where runners are tasks that wait to be told that they may end: the test speaks for them. */
export interface FaultCluster extends Pick<Cluster, "address" | "context"> {
  readonly waiting: NomadPool;
  endTask(jobName: string): Promise<void>;
}

export interface FaultRun {
  readonly id: RunId;
  readonly plan: Plan;
}

type Ending = readonly [state: string, reason: string | null];

/** The most that anything may take, with a wait of half a minute that operators are given, on a busy machine. */
const WAIT_MS = 100_000;
/** The most that an allocation without a live lease may go on. */
const LEFTOVER_MS = 60_000;
/** So that what looks for changes meets faults soon. */
const LOOK_MS = 300;
/** Less than Nomad's heartbeat of 30 s: a stream that is quiet in a test is opened anew, which harms nothing. */
const EVENT_SILENCE_MS = 2_000;

/** A control plane that reaches Nomad through a proxy, and runners that reach the control plane alone. */
export class FaultWorld implements AsyncDisposable {
  readonly proxy: FaultProxy;
  readonly #cluster: FaultCluster;
  readonly #installation: string;
  readonly #database: Database;
  readonly #repository: RepositoryId;
  readonly #runners: FakeRunners;
  readonly #world: AsyncDisposableStack;
  readonly #log: readonly string[];

  private constructor(
    cluster: FaultCluster,
    proxy: FaultProxy,
    parts: {
      readonly installation: string;
      readonly database: Database;
      readonly repository: RepositoryId;
      readonly runners: FakeRunners;
      readonly world: AsyncDisposableStack;
      readonly log: readonly string[];
    },
  ) {
    this.proxy = proxy;
    this.#cluster = cluster;
    this.#installation = parts.installation;
    this.#database = parts.database;
    this.#repository = parts.repository;
    this.#runners = parts.runners;
    this.#world = parts.world;
    this.#log = parts.log;
  }

  static async start(cluster: FaultCluster): Promise<FaultWorld> {
    await using stack = new AsyncDisposableStack();
    const stateFolder = await mkdtemp(join(tmpdir(), "delta-faults-"));
    stack.defer(() => rm(stateFolder, { recursive: true, force: true }));
    const proxy = await startFaultProxy(cluster.address);
    stack.defer(() => proxy.close());
    const server = await startEmbeddedPostgres({ stateFolder });
    stack.defer(() => server.stop());
    const runners = new FakeRunners();
    stack.defer(() => runners.close());
    const nomad = nomadConfig(proxy.address, {
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      eventSilenceMs: EVENT_SILENCE_MS,
      pools: { default: cluster.waiting },
    });
    const log: string[] = [];
    const settings = { DELTA_STATE_DIR: stateFolder, DELTA_PORT: "0", DELTA_POOLS: "default=32" };
    const overrides = { database: server.settings, observeIntervalMs: LOOK_MS };
    const plane = await startControlPlane(readConfig(settings, overrides), {
      dispatcher: (onHint) => runners.around(new NomadDispatcher({ ...nomad, onHint })),
      logStream: { write: (line) => void log.push(line) },
    });
    stack.defer(() => plane.stop());
    runners.connect(plane.url);
    const database = connect(server.settings, { connections: 2 });
    stack.defer(() => database.end({ timeout: 5 }));
    const repository = await insertRepository(database);
    const { installation } = nomad;
    const world = stack.move();
    return new FaultWorld(cluster, proxy, { installation, database, repository, runners, world, log });
  }

  async begin(jobs = 1): Promise<FaultRun> {
    const resources = { cpu_millis: 100, memory_bytes: 32 * 1024 * 1024, disk_bytes: null, pids: null };
    const limits = { queue_timeout_ms: WAIT_MS, timeout_ms: WAIT_MS };
    const plan = testPlan(
      Array.from({ length: jobs }, (_, index) => testJob(`job-${index}`, { resources, ...limits })),
    );
    return { id: await insertPlannedRun(this.#database, this.#repository, plan), plan };
  }

  /** Nomad itself, asked behind the proxy's back, runs something for each attempt. */
  async untilPlaced({ id, plan }: FaultRun): Promise<void> {
    const jobs = plan.jobs.length;
    await this.#until("each attempt to be placed", async () => {
      const attempts = await this.#attempts(id);
      const states = await Promise.all(attempts.map((attempt) => this.#allocations(attempt)));
      return attempts.length === jobs && states.every((one) => one.includes("running"));
    });
  }

  async untilMet(what: string): Promise<void> {
    await this.#until(`a call to meet: ${what}`, async () => this.proxy.unmet() === 0);
    await this.proxy.settled();
  }

  /** A look at what runs was answered as it should be: one that began after all faults were met. */
  async untilLookedAgain(): Promise<void> {
    const looks = (): number => this.proxy.calls.filter((call) => CALLS.look.test(call)).length;
    const before = looks();
    await this.#until("another look", async () => looks() > before + 1);
  }

  /** Each attempt's runner claims, reports success, and leaves. */
  async carryOut({ id }: FaultRun): Promise<void> {
    for (const attempt of await this.#attempts(id)) {
      await this.#runners.run(attempt);
      await this.#cluster.endTask(jobNameOf(this.#installation, attempt));
    }
  }

  async cancel({ id }: FaultRun): Promise<void> {
    await requestCancel(this.#database, TEST_AUTHOR, id, "canceled_by_user");
  }

  /** Waits for the run's end, and holds what must be true of it whatever was met on the way. */
  async expectEnd({ id, plan }: FaultRun, ending: Ending, claims: number): Promise<void> {
    await this.#until("the run to end", async () => {
      const rows = await this
        .#database`select 1 from delta.runs where id = ${id} and finalized_at is not null`;
      return rows.length === 1;
    });
    const rows = await this.#database<{ id: AttemptId; state: string; reason: string | null }[]>`
      select id, state, reason from delta.attempts where run_id = ${id}`;
    expect(rows.map(({ state, reason }) => [state, reason])).toEqual(plan.jobs.map(() => ending));
    let left: readonly string[] = [];
    const isNothingLeft = async (): Promise<boolean> => {
      const states = await Promise.all(rows.map((row) => this.#allocations(row.id)));
      left = states.flat();
      return left.every((state) => ["complete", "failed", "lost"].includes(state));
    };
    await withDeadline("every allocation to end", LEFTOVER_MS, isNothingLeft, async () => left.join());
    for (const row of rows) {
      expect(await this.#allocations(row.id), "one runner was started").toHaveLength(1);
      expect(this.#runners.epochs.get(row.id) ?? [], "epochs granted").toHaveLength(claims);
    }
    await new HistoryChecker(this.#database, id, plan).check();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#world.disposeAsync();
  }

  async #attempts(run: RunId): Promise<readonly AttemptId[]> {
    const rows = await this.#database<{ id: AttemptId }[]>`
      select id from delta.attempts where run_id = ${run}`;
    return rows.map(({ id }) => id);
  }

  /** How each allocation that Nomad ever made for the attempt is, by its client. */
  async #allocations(attempt: AttemptId): Promise<readonly string[]> {
    const name = jobNameOf(this.#installation, attempt);
    const answer = await fetch(`${this.#cluster.address}/v1/job/${name}/allocations?all=true`);
    if (!answer.ok) return [];
    return ((await answer.json()) as { ClientStatus: string }[]).map(({ ClientStatus }) => ClientStatus);
  }

  async #until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
    await withDeadline(what, WAIT_MS, isTrue, async () =>
      [...this.proxy.calls.slice(-20), ...this.#log.slice(-20), await this.#cluster.context()].join("\n"),
    );
  }
}
