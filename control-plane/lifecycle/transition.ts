import type { SqlFragment, Transaction } from "../db/client.ts";
import { changeStates, insertAudit, type Entity } from "../db/state-change.ts";
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
type Column =
  | string
  | number
  | boolean
  | Date
  | Uint8Array
  | null
  | ReturnType<Transaction["json"]>
  | SqlFragment;
type Columns = Readonly<Record<string, Column>>;

const TABLES: Readonly<Record<Entity, TransitionTable<string>>> = {
  run: RUN_TRANSITIONS,
  job: JOB_TRANSITIONS,
  attempt: ATTEMPT_TRANSITIONS,
  lease: LEASE_TRANSITIONS,
};

interface Move<Id, State> {
  readonly ids: readonly Id[];
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

type MoveOne<Id, State> = Omit<Move<Id, State>, "ids"> & { readonly id: Id };

/**
 * The only path to a state change. Under the lock of the run (`lockRun`), it moves the rows that are
 * still in the expected state, writes the one audit row of each move, and gives back how many moved:
 * the others somebody else moved first. A move that the tables do not allow, or an end without a
 * reason, is our bug and throws.
 */
async function transition(change: Change, entity: Entity, move: Move<string, string>): Promise<number> {
  const table = TABLES[entity];
  if (move.ids.length === 0) {
    return 0;
  }
  refuseUnlessAllowed(entity, move.ids, move.from, move.to);
  const ends = isTerminal(table, move.to);
  if (ends && entity !== "lease" && move.reason === undefined) {
    throw new Error(`${entity} ${move.ids.join()} may not end as ${move.to} without a reason`);
  }
  const moved = await changeStates(change.tx, {
    entity,
    ids: move.ids,
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
  if (moved > 0) {
    change.touched.add(move.run);
  }
  return moved;
}

function refuseUnlessAllowed(entity: Entity, ids: readonly string[], from: string, to: string): void {
  if (!mayFollow(TABLES[entity], from, to)) {
    throw new Error(`${entity} ${ids.join()} may not go from ${from} to ${to}`);
  }
}

async function moveOne(change: Change, entity: Entity, move: MoveOne<string, string>): Promise<boolean> {
  const { id, ...rest } = move;
  return (await transition(change, entity, { ...rest, ids: [id] })) === 1;
}

export function moveRun(change: Change, move: MoveOne<RunId, RunState>): Promise<boolean> {
  return moveOne(change, "run", move);
}

export function moveJobs(change: Change, move: Move<JobId, JobState>): Promise<number> {
  return transition(change, "job", move);
}

export function moveAttempt(change: Change, move: MoveOne<AttemptId, AttemptState>): Promise<boolean> {
  return moveOne(change, "attempt", move);
}

export function moveAttempts(change: Change, move: Move<AttemptId, AttemptState>): Promise<number> {
  return transition(change, "attempt", move);
}

export function moveLease(change: Change, move: MoveOne<LeaseId, LeaseState>): Promise<boolean> {
  return moveOne(change, "lease", move);
}

/**
 * Writes the audit rows of rows that were just inserted, all in the last state of the path: what a row has been
 * through by then needs no write of its own. Throws when the tables do not allow the path.
 */
export async function recordBirths(
  change: Change,
  entity: Entity,
  ids: readonly string[],
  run: RunId,
  path: readonly string[],
  epoch: number | null = null,
): Promise<void> {
  if (ids.length === 0) {
    return;
  }
  for (const [at, state] of path.slice(1).entries()) {
    refuseUnlessAllowed(entity, ids, path[at] ?? "", state);
  }
  const { actor, cause } = change;
  await insertAudit(change.tx, { entity, ids, path, actor, cause, epoch });
  change.touched.add(run);
}
