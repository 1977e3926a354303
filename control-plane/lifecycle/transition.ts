import type { Transaction } from "../db/client.ts";
import { changeState, insertAudit, type Entity } from "../db/state-change.ts";
import type { AttemptId, JobId, LeaseId, RunId } from "../../schemas/ids.ts";
import type { Reason } from "../../schemas/reasons.ts";
import {
  ATTEMPT_TRANSITIONS,
  isTerminal,
  JOB_TRANSITIONS,
  LEASE_TRANSITIONS,
  mayFollow,
  RUN_TRANSITIONS,
  type AttemptState,
  type JobState,
  type LeaseState,
  type RunState,
  type TransitionTable,
} from "../../schemas/states.ts";
import type { Change } from "./change.ts";

/** The value of one column. A moment is a Date from the database's clock. */
type Column = string | number | boolean | Date | Uint8Array | null | ReturnType<Transaction["json"]>;
type Columns = Readonly<Record<string, Column>>;

const TABLES: Readonly<Record<Entity, TransitionTable<string>>> = {
  run: RUN_TRANSITIONS,
  job: JOB_TRANSITIONS,
  attempt: ATTEMPT_TRANSITIONS,
  lease: LEASE_TRANSITIONS,
};

interface Move<Id, State> {
  readonly id: Id;
  readonly run: RunId;
  /** The state it must still be in; a row that moved on is left alone. */
  readonly from: State;
  readonly to: State;
  /** The fencing number it must still carry; given whenever a runner asked for the change. */
  readonly epoch?: number;
  /** Every move into a terminal state of a run, a job or an attempt says why. */
  readonly reason?: Reason;
  readonly detail?: string | null;
  readonly columns?: Columns;
}

/**
 * The only path to a state change. Under the lock of the run (`lockRun`), it moves one row if it is
 * still in the expected state, and writes the one audit row of that move. False means somebody else moved it first;
 * a move that the tables do not allow, or an end without a reason, is our bug and throws.
 */
async function transition(change: Change, entity: Entity, move: Move<string, string>): Promise<boolean> {
  const table = TABLES[entity];
  if (!mayFollow(table, move.from, move.to)) {
    throw new Error(`${entity} ${move.id} may not go from ${move.from} to ${move.to}`);
  }
  const ends = isTerminal(table, move.to);
  if (ends && entity !== "lease" && move.reason === undefined) {
    throw new Error(`${entity} ${move.id} may not end as ${move.to} without a reason`);
  }
  const moved = await changeState(change.tx, {
    entity,
    id: move.id,
    from: move.from,
    to: move.to,
    epoch: move.epoch ?? null,
    actor: change.actor,
    cause: change.cause,
    columns: {
      ...(ends ? { [entity === "lease" ? "ended_at" : "finalized_at"]: new Date(change.now) } : {}),
      ...(ends && entity === "run" ? { wake_at: null } : {}),
      ...(move.reason === undefined ? {} : { reason: move.reason, reason_detail: move.detail ?? null }),
      ...move.columns,
    },
  });
  if (moved) {
    change.touched.add(move.run);
  }
  return moved;
}

export function moveRun(change: Change, move: Move<RunId, RunState>): Promise<boolean> {
  return transition(change, "run", move);
}

export function moveJob(change: Change, move: Move<JobId, JobState>): Promise<boolean> {
  return transition(change, "job", move);
}

export function moveAttempt(change: Change, move: Move<AttemptId, AttemptState>): Promise<boolean> {
  return transition(change, "attempt", move);
}

export function moveLease(change: Change, move: Move<LeaseId, LeaseState>): Promise<boolean> {
  return transition(change, "lease", move);
}

/** Writes the audit row of a row's birth. */
export async function recordBirth(
  change: Change,
  entity: Entity,
  id: string,
  run: RunId,
  state: string,
  epoch: number | null = null,
): Promise<void> {
  await insertAudit(change.tx, { entity, id, to: state, actor: change.actor, cause: change.cause, epoch });
  change.touched.add(run);
}
