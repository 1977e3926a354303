import { newId } from "../clock.ts";
import type { Connection, Transaction } from "../db/client.ts";
import { wakeRun } from "../db/enqueue.ts";
import { lockRun } from "../db/state-change.ts";
import type { PipelineEvent } from "../../schemas/event.ts";
import type { DeliveryId, RepositoryId, RunId } from "../../schemas/ids.ts";
import { after, withChange, type Author } from "./change.ts";
import { moveRun, recordBirths } from "./transition.ts";

/** What a local run was asked for beyond its event. */
export interface RunRequest {
  readonly jobs: readonly string[];
  readonly all: boolean;
}

export interface NewRun {
  readonly repositoryId: RepositoryId;
  /** One delivery makes at most one run; null for local runs and reruns. */
  readonly deliveryId: DeliveryId | null;
  readonly event: PipelineEvent;
  readonly headSha: string;
  /** A base that somebody named; null lets the ladder find one. */
  readonly baseSha: string | null;
  readonly request: RunRequest | null;
  readonly rerunOf: RunId | null;
}

/** A new run whose first wake-up was lost is planned after this. */
const LOST_WAKE_MS = 2_000;

/** Inserts a run in state `created`, numbered within its repository, and wakes `plan-run`, in the caller's transaction. */
export async function createRun(
  tx: Transaction,
  author: Author,
  run: NewRun,
): Promise<{ readonly id: RunId; readonly number: number }> {
  return withChange(tx, author, async (change) => {
    const id = newId<RunId>();
    const [row] = await tx<{ number: number }[]>`
      with numbered as (
        update delta.repositories set run_count = run_count + 1 where id = ${run.repositoryId} returning run_count)
      insert into delta.runs (id, repository_id, delivery_id, number, event, head_sha, base_sha, request,
        rerun_of, wake_at)
      select ${id}, ${run.repositoryId}, ${run.deliveryId}, run_count, ${tx.json({ ...run.event } as never)},
        ${run.headSha}, ${run.baseSha}, ${run.request === null ? null : tx.json({ ...run.request })},
        ${run.rerunOf}, ${after(change, LOST_WAKE_MS)}
      from numbered returning number`;
    if (row === undefined) {
      throw new Error(`there is no repository ${run.repositoryId}`);
    }
    await recordBirths(change, "run", [id], id, ["created"]);
    change.wakes.push(wakeRun("plan-run", id));
    return { id, number: row.number };
  });
}

/** A run that nobody plans any more is planned again after this, perhaps by another control plane. */
const PLANNING_TERM_MS = 15_000;

/**
 * Takes a run into `planning`, or counts one more try when it is there already. Null when there is
 * nothing to plan: it was canceled, planned by another, or does not exist.
 */
export async function beginPlanning(
  tx: Transaction,
  author: Author,
  runId: RunId,
): Promise<{ readonly tries: number } | null> {
  return withChange(tx, author, async (change) => {
    const run = await lockRun(tx, runId);
    if (run === null || !["created", "planning"].includes(run.state)) {
      return null;
    }
    if (run.state === "created") {
      await moveRun(change, { id: runId, run: runId, from: run.state, to: "planning" });
    }
    const [row] = await tx<{ tries: number }[]>`
      update delta.runs set planning_attempts = planning_attempts + 1,
        wake_at = clock_timestamp() + ${PLANNING_TERM_MS} * interval '1 millisecond'
      where id = ${runId} returning planning_attempts as tries`;
    return row ?? null;
  });
}

/** Says that a run is still being planned, so that nobody else begins. */
export async function planningGoesOn(connection: Connection, runId: RunId): Promise<void> {
  await connection`
    update delta.runs set wake_at = clock_timestamp() + ${PLANNING_TERM_MS} * interval '1 millisecond'
    where id = ${runId} and state = 'planning'`;
}
