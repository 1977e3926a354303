import type { Database } from "../../control-plane/db/client.ts";
import { checkNeeds, passed, type JobProgress } from "../../control-plane/scheduler/needs.ts";
import type { RunId } from "../../schemas/ids.ts";
import { ATTEMPTS_MAX } from "../../schemas/limits.ts";
import type { Plan } from "../../schemas/plan.ts";
import type { Reason } from "../../schemas/reasons.ts";
import {
  ATTEMPT_TRANSITIONS,
  isTerminal,
  JOB_TRANSITIONS,
  LEASE_TRANSITIONS,
  RUN_TRANSITIONS,
  type JobState,
  type TransitionTable,
} from "../../schemas/states.ts";

/** A promise that the rows break; the message says which and where. */
export class Violation extends Error {
  override readonly name = "Violation";
}

export function hold(holds: boolean, promise: string): void {
  if (!holds) {
    throw new Violation(promise);
  }
}

const TABLES: Readonly<Record<string, TransitionTable<string>>> = {
  run: RUN_TRANSITIONS,
  job: JOB_TRANSITIONS,
  attempt: ATTEMPT_TRANSITIONS,
  lease: LEASE_TRANSITIONS,
};

interface EntityRow {
  readonly entity: string;
  readonly id: string;
  /** The attempt's job, the lease's attempt; null for others. */
  readonly parent: string | null;
  readonly state: string;
  readonly reason: Reason | null;
  readonly epoch: number;
  readonly number: number;
  readonly exitCode: number | null;
}

interface AuditRow {
  readonly id: number;
  readonly entity: string;
  readonly entityId: string;
  readonly seq: number;
  readonly from: string | null;
  readonly to: string;
}

/** Checks one run's rows against the promises, each time anew, and against what it has seen before. */
export class HistoryChecker {
  readonly #database: Database;
  readonly #run: RunId;
  readonly #plan: Plan;
  readonly #ended = new Map<string, string>();

  constructor(database: Database, run: RunId, plan: Plan) {
    this.#database = database;
    this.#run = run;
    this.#plan = plan;
  }

  /** Throws a Violation that names the promise. */
  async check(): Promise<void> {
    const rows = await this.#rows();
    const audit = await this.#audit();
    this.#checkAudit(rows, audit);
    this.#checkEnds(rows);
    checkLeases(rows);
    checkAttempts(rows);
    checkNothingStartsAfterCancel(this.#run, audit);
    this.#checkJobs(rows);
  }

  async #rows(): Promise<readonly EntityRow[]> {
    const database = this.#database;
    return database<EntityRow[]>`
      select 'run' as entity, id, null::uuid as parent, state, reason::text, 0 as epoch, 0 as number, null::int as "exitCode"
        from delta.runs where id = ${this.#run}
      union all select 'job', id, null, state, reason, 0, position, null from delta.jobs where run_id = ${this.#run}
      union all select 'attempt', id, job_id, state, reason, epoch::int, number, exit_code
        from delta.attempts where run_id = ${this.#run}
      union all select 'lease', l.id, l.attempt_id, l.state, null, l.epoch::int, 0, null
        from delta.leases l join delta.attempts a on a.id = l.attempt_id where a.run_id = ${this.#run}`;
  }

  async #audit(): Promise<readonly AuditRow[]> {
    const database = this.#database;
    return database<AuditRow[]>`
      select e.id, e.entity, e.entity_id as "entityId", e.seq, e.from_state as "from", e.to_state as "to"
      from delta.audit_events e
      where e.entity_id = ${this.#run}
        or e.entity_id in (select id from delta.jobs where run_id = ${this.#run})
        or e.entity_id in (select id from delta.attempts where run_id = ${this.#run})
        or e.entity_id in (select l.id from delta.leases l join delta.attempts a on a.id = l.attempt_id
          where a.run_id = ${this.#run})
      order by e.entity_id, e.seq`;
  }

  /** I5: one audit row per change, without a gap, by the tables; replayed, they give the rows. */
  #checkAudit(rows: readonly EntityRow[], audit: readonly AuditRow[]): void {
    const histories = Map.groupBy(audit, ({ entityId }) => entityId);
    for (const row of rows) {
      let state: string | null = null;
      for (const [index, event] of (histories.get(row.id) ?? []).entries()) {
        hold(event.seq === index + 1, `I5: the audit of ${row.entity} ${row.id} has no gap`);
        hold(event.from === state, `I5: the audit of ${row.entity} ${row.id} is a chain`);
        const known = state === null || (TABLES[row.entity]?.[state] ?? []).includes(event.to);
        hold(known, `I4: ${row.entity} ${row.id} may go from ${state} to ${event.to}`);
        state = event.to;
      }
      hold(
        state === row.state,
        `I5: the audit of ${row.entity} ${row.id} ends in ${row.state}, not ${state}`,
      );
    }
  }

  /** I1: what has ended stays as it ended. */
  #checkEnds(rows: readonly EntityRow[]): void {
    for (const { entity, id, state, reason } of rows) {
      const table = TABLES[entity];
      const now = `${state} ${reason}`;
      const before = this.#ended.get(id);
      hold(before === undefined || before === now, `I1: ${entity} ${id} ended as ${before} and is ${now}`);
      if (table !== undefined && isTerminal(table, state)) {
        this.#ended.set(id, now);
      }
    }
  }

  /** I16: a job starts when its needs are met, and the run's outcome follows from its required jobs. */
  #checkJobs(rows: readonly EntityRow[]): void {
    const jobs = rows.filter(({ entity }) => entity === "job").sort((a, b) => a.number - b.number);
    const attempts = Map.groupBy(
      rows.filter(({ entity }) => entity === "attempt"),
      ({ parent }) => parent,
    );
    const progress = new Map<string, JobProgress>();
    this.#plan.decisions.forEach(({ key }, index) => {
      const job = jobs[index];
      if (job !== undefined) {
        const last = attempts
          .get(job.id)
          ?.toSorted((a, b) => a.number - b.number)
          .at(-1);
        const plan = this.#plan.jobs.find((candidate) => candidate.key === key) ?? null;
        const state = job.state as JobState;
        progress.set(key, { key, state, reason: job.reason, plan, exitCode: last?.exitCode ?? null });
      }
    });
    for (const [index, { key }] of this.#plan.decisions.entries()) {
      const started = attempts.has(jobs[index]?.id ?? "");
      const needed = progress.get(key)?.plan?.needs ?? [];
      hold(
        !started || checkNeeds(needed, progress).needs === "met",
        `I16: ${key} started before its needs were met`,
      );
    }
    const run = rows.find(({ entity }) => entity === "run");
    if (run?.state === "succeeded" || run?.state === "failed") {
      const required = this.#plan.decisions.filter((decision) => decision.required);
      const good = required.every(({ key }) => {
        const job = progress.get(key);
        return job !== undefined && (job.state === "skipped" || passed(job));
      });
      hold(
        (run.state === "succeeded") === good,
        `I16: the run ${run.state}, but its required jobs say otherwise`,
      );
    }
  }
}

/** I2: at most one live lease for an attempt; epochs rise, and the attempt carries the newest. */
function checkLeases(rows: readonly EntityRow[]): void {
  const leases = Map.groupBy(
    rows.filter(({ entity }) => entity === "lease"),
    ({ parent }) => parent,
  );
  for (const attempt of rows.filter(({ entity }) => entity === "attempt")) {
    const own = leases.get(attempt.id) ?? [];
    const live = own.filter(({ state }) => state === "granted" || state === "active");
    hold(live.length <= 1, `I2: attempt ${attempt.id} has ${live.length} live leases`);
    hold(own.length <= 1, `I2: attempt ${attempt.id} was leased ${own.length} times`);
    const newest = Math.max(0, ...own.map(({ epoch }) => epoch));
    hold(attempt.epoch === newest, `I2: attempt ${attempt.id} carries epoch ${attempt.epoch}, not ${newest}`);
    const ended = isTerminal(ATTEMPT_TRANSITIONS, attempt.state as keyof typeof ATTEMPT_TRANSITIONS);
    hold(!ended || live.length === 0, `I2: attempt ${attempt.id} ended and has a live lease`);
  }
}

/** I13 and I4: bounded retries, numbered from 1, of which only the last may live. */
function checkAttempts(rows: readonly EntityRow[]): void {
  const byJob = Map.groupBy(
    rows.filter(({ entity }) => entity === "attempt"),
    ({ parent }) => parent,
  );
  for (const [job, attempts] of byJob) {
    const numbers = attempts.map(({ number }) => number).toSorted((a, b) => a - b);
    hold(numbers.length <= ATTEMPTS_MAX, `I13: job ${job} has ${numbers.length} attempts`);
    hold(
      numbers.every((number, index) => number === index + 1),
      `I4: the attempts of job ${job} are ${numbers.join()}`,
    );
    const live = attempts.filter(
      ({ state }) => !isTerminal(ATTEMPT_TRANSITIONS, state as keyof typeof ATTEMPT_TRANSITIONS),
    );
    hold(
      live.every(({ number }) => number === numbers.length),
      `I4: job ${job} has a live attempt before its last`,
    );
  }
}

/** I12: once a run is asked to stop, no lease is granted in it and no attempt is made. */
function checkNothingStartsAfterCancel(run: RunId, audit: readonly AuditRow[]): void {
  const cancel = audit.find(({ entityId, to }) => entityId === run && to === "cancel_requested");
  const births = audit.filter(
    ({ entity, from }) => (entity === "lease" || entity === "attempt") && from === null,
  );
  const late = births.find(({ id }) => cancel !== undefined && id > cancel.id);
  hold(late === undefined, `I12: a ${late?.entity} was born after the run was asked to stop`);
}
