import { createSecretKey } from "node:crypto";
import { connect, type DatabaseSettings } from "../../../control-plane/db/client.ts";
import { advanceRun } from "../../../control-plane/tasks/advance-run.ts";
import type { TaskContext } from "../../../control-plane/tasks/context.ts";
import { createObserving, type Observing } from "../../../control-plane/tasks/observe-attempts.ts";
import { NomadDispatcher } from "../../../nomad/dispatcher.ts";
import { buildJobBody } from "../../../nomad/job-body.ts";
import { jobNameOf } from "../../../nomad/job-name.ts";
import type { AttemptId } from "../../../schemas/ids.ts";
import { insertPlannedRun, insertRepository } from "../planned-run.ts";
import { testJob, testPlan } from "../plans.ts";
import { withDeadline } from "../deadline.ts";
import { startFakeNomad } from "./fake-nomad.ts";
import { dispatchRequest, nomadConfig } from "./requests.ts";

/** What one pass costs. */
export interface PassCost {
  readonly requests: number;
  readonly bytes: number;
  readonly statements: number;
  /** CPU time of this process, which is the fake Nomad's as well. */
  readonly cpuMs: number;
}

/** Attempts that run, in the database and on a fake Nomad, and the pass that compares the two. */
export interface LiveAttempts {
  readonly observing: Observing;
  readonly attempts: readonly AttemptId[];
  /** The runners of these end, without a word to the control plane. */
  end(attempts: readonly AttemptId[]): void;
  /** How many the control plane has seen to have ended. */
  seenEnded(): Promise<number>;
  costOf(pass: () => Promise<void>): Promise<PassCost>;
  [Symbol.asyncDispose](): Promise<void>;
}

const JOBS_IN_RUN_MAX = 1_000;
const START_MS = 30_000;

export async function startLiveAttempts(settings: DatabaseSettings, live: number): Promise<LiveAttempts> {
  await using world = new AsyncDisposableStack();
  let statements = 0;
  const database = connect(settings, { connections: 4, onStatement: () => (statements += 1) });
  world.defer(() => database.end({ timeout: 5 }));
  const fake = await startFakeNomad();
  world.defer(() => fake.close());
  fake.state.memoryMegabytes = Number.MAX_SAFE_INTEGER;
  const config = nomadConfig(fake.address);
  const dispatcher = new NomadDispatcher(config);
  world.defer(() => dispatcher.close());
  const context: TaskContext = {
    database,
    dispatcher,
    poolCaps: { default: live },
    serverKey: createSecretKey(Buffer.alloc(32)),
    controlPlaneUrl: "http://127.0.0.1:1",
    log: { info() {}, warn() {}, error: (fields, message) => console.error(message, fields) },
  };
  const repository = await insertRepository(database);
  for (let made = 0; made < live; made += JOBS_IN_RUN_MAX) {
    const count = Math.min(JOBS_IN_RUN_MAX, live - made);
    const plan = testPlan(Array.from({ length: count }, (_, index) => testJob(`job-${index}`)));
    await advanceRun(context, await insertPlannedRun(database, repository, plan));
  }
  const rows = await database<{ id: AttemptId }[]>`
    update delta.attempts set state = 'running', backend_ref = 'nomad', dispatched_at = clock_timestamp()
    returning id`;
  const attempts = rows.map(({ id }) => id);
  for (const attemptId of attempts) {
    const body = buildJobBody(config, { ...dispatchRequest(), attemptId });
    if (!body.ok) throw new Error(body.refusal);
    fake.state.register(JSON.parse(body.text).Job);
  }
  const jobs = [...fake.state.jobs.values()];
  const isRunning = async (): Promise<boolean> =>
    jobs.every(({ allocations }) => allocations[0]?.client === "running");
  await withDeadline("all runners to run", START_MS, isRunning);
  const started = world.move();
  return {
    observing: createObserving(context),
    attempts,
    end(ended) {
      for (const attempt of ended) fake.state.endTask(jobNameOf(config.installation, attempt));
    },
    async seenEnded() {
      const [row] = await database<{ count: number }[]>`
        select count(*)::int as count from delta.attempts where observed like '%exited%'`;
      return row?.count ?? 0;
    },
    async costOf(pass) {
      const before = { requests: fake.calls.length, bytes: fake.bytesSent, statements };
      const cpu = process.cpuUsage();
      await pass();
      const { user, system } = process.cpuUsage(cpu);
      return {
        requests: fake.calls.length - before.requests,
        bytes: fake.bytesSent - before.bytes,
        statements: statements - before.statements,
        cpuMs: (user + system) / 1_000,
      };
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}
