import { createSecretKey, randomBytes } from "node:crypto";
import type { Database } from "../../control-plane/db/client.ts";
import { inTransaction } from "../../control-plane/db/in-transaction.ts";
import { recordSweep } from "../../control-plane/db/sweep.ts";
import { claimAttempt, type ClaimAnswer } from "../../control-plane/lifecycle/claim.ts";
import type { LeaseTiming } from "../../control-plane/lifecycle/lease-timing.ts";
import { claimToken } from "../../control-plane/lifecycle/tokens.ts";
import { admitAttempts } from "../../control-plane/tasks/admit-attempts.ts";
import { advanceRun } from "../../control-plane/tasks/advance-run.ts";
import type { TaskContext } from "../../control-plane/tasks/context.ts";
import { createDispatching } from "../../control-plane/tasks/dispatch-attempts.ts";
import type { Dispatcher, DispatchResult, StopResult } from "../../schemas/dispatcher.ts";
import type { AttemptId, JobId, RepositoryId, RunId } from "../../schemas/ids.ts";
import type { Plan } from "../../schemas/plan.ts";
import type { ClaimReply } from "../../schemas/runner-protocol.ts";
import type { AttemptState, JobState, RunState } from "../../schemas/states.ts";
import { createTestDatabase } from "./database.ts";
import { insertPlannedRun, insertRepository } from "./planned-run.ts";

export { TEST_AUTHOR } from "./planned-run.ts";

/** Long enough that nothing expires by itself in a test; tests that want expiry move the clock of one row. */
export const TEST_TIMING: LeaseTiming = { ttlMs: 60_000, heartbeatIntervalMs: 10_000, marginMs: 5_000 };

export interface AttemptRow {
  readonly id: AttemptId;
  readonly job: string;
  readonly number: number;
  readonly state: AttemptState;
  readonly reason: string | null;
  readonly receipt: string | null;
  readonly pending: string | null;
  readonly stopWanted: boolean;
}

/** A control plane without its servers: a database, a backend that does as it is told, and the tasks run by hand. */
export interface World {
  readonly database: Database;
  readonly context: TaskContext;
  readonly backend: TestBackend;
  /** A run of this plan, planned and queued. */
  planned(plan: Plan): Promise<RunId>;
  advance(run: RunId): Promise<void>;
  /** Advances, admits and dispatches until nothing more is waiting for that. */
  dispatchAll(run: RunId): Promise<void>;
  claim(attempt: AttemptId, nonce?: string): Promise<ClaimAnswer>;
  /** A claim that must succeed. */
  claimed(attempt: AttemptId): Promise<ClaimReply["lease"]>;
  run(run: RunId): Promise<{ state: RunState; reason: string | null; detail: string | null }>;
  jobs(run: RunId): Promise<Record<string, JobState>>;
  attempts(run: RunId): Promise<readonly AttemptRow[]>;
  attemptOf(run: RunId, job: string): Promise<AttemptRow>;
  /** Puts a moment of one row into the past, as if that much time had gone by. */
  letPass(table: "attempts" | "leases" | "runs", id: string, column: string): Promise<void>;
}

/** A backend of which a test decides the answers; it keeps what it was asked. */
export interface TestBackend extends Dispatcher {
  readonly dispatched: string[];
  readonly stopped: string[];
  answer: DispatchResult;
  stopAnswer: StopResult;
}

export function testBackend(): TestBackend {
  const dispatched: string[] = [];
  const stopped: string[] = [];
  return {
    name: "test",
    dispatched,
    stopped,
    answer: { status: "accepted", backendRef: "test" },
    stopAnswer: { status: "gone" },
    async start() {},
    async dispatch({ attemptId }) {
      dispatched.push(attemptId);
      return this.answer;
    },
    async stop({ attemptId }) {
      stopped.push(attemptId);
      return this.stopAnswer;
    },
    async observe() {
      return [];
    },
    async list() {
      return { attempts: [], changed: [], upTo: null, next: null };
    },
    async lastWords() {
      return null;
    },
    async close() {},
  };
}

export async function createWorld(): Promise<World> {
  const { database } = await createTestDatabase();
  const backend = testBackend();
  const context: TaskContext = {
    database,
    dispatcher: backend,
    poolCaps: { default: 100 },
    serverKey: createSecretKey(randomBytes(32)),
    controlPlaneUrl: "http://127.0.0.1:1",
    log: { info() {}, warn() {}, error: (fields, message) => console.error(message, fields) },
  };
  await inTransaction(database, (tx) => recordSweep(tx, { outageMs: 600_000, ttlMs: TEST_TIMING.ttlMs }));
  const repositoryId = await insertRepository(database);
  return { database, context, backend, ...actions(context, repositoryId), ...views(database) };
}

function actions(context: TaskContext, repositoryId: RepositoryId) {
  const { database } = context;
  const advance = async (run: RunId): Promise<void> => void (await advanceRun(context, run));
  const claim = (attempt: AttemptId, nonce = "n".repeat(22)): Promise<ClaimAnswer> =>
    claimAttempt(
      database,
      {
        attempt_id: attempt,
        proof: { kind: "claim_token", token: claimToken(context.serverKey, attempt) },
        boot_nonce: nonce,
        runner: { version: "1", os: "linux", arch: "x64", hostname: "test" },
      },
      TEST_TIMING,
      null,
    );
  return {
    advance,
    claim,
    planned: (plan: Plan): Promise<RunId> => insertPlannedRun(database, repositoryId, plan),
    async dispatchAll(run: RunId): Promise<void> {
      await advance(run);
      await admitAttempts(context);
      await createDispatching(context).dispatchDue();
    },
    async claimed(attempt: AttemptId): Promise<ClaimReply["lease"]> {
      const answer = await claim(attempt);
      if (answer.status !== "granted") {
        throw new Error(`the claim was answered ${answer.status}`);
      }
      return answer.reply.lease;
    },
  };
}

function views(database: Database) {
  const attempts = async (run: RunId): Promise<readonly AttemptRow[]> => database<AttemptRow[]>`
    select a.id, j.key as job, a.number, a.state, a.reason, a.cancel_receipt as receipt, a.pending,
      a.stop_wanted as "stopWanted"
    from delta.attempts a join delta.jobs j on j.id = a.job_id
    where a.run_id = ${run} order by j.position, a.number`;
  return {
    attempts,
    async attemptOf(run: RunId, job: string): Promise<AttemptRow> {
      const row = (await attempts(run)).findLast((attempt) => attempt.job === job);
      if (row === undefined) {
        throw new Error(`job ${job} has no attempt`);
      }
      return row;
    },
    async run(run: RunId) {
      const [row] = await database<{ state: RunState; reason: string | null; detail: string | null }[]>`
        select state, reason, reason_detail as detail from delta.runs where id = ${run}`;
      if (row === undefined) {
        throw new Error("there is no such run");
      }
      return { ...row };
    },
    async jobs(run: RunId): Promise<Record<string, JobState>> {
      const rows = await database<{ id: JobId; key: string; state: JobState }[]>`
        select id, key, state from delta.jobs where run_id = ${run} order by position`;
      return Object.fromEntries(rows.map(({ key, state }) => [key, state]));
    },
    async letPass(table: "attempts" | "leases" | "runs", id: string, column: string): Promise<void> {
      await database`
        update ${database(`delta.${table}`)} set ${database(column)} = clock_timestamp() - interval '1 second'
        where id = ${id}`;
    },
  };
}
