import type { Database } from "../db/client.ts";
import { inTransaction } from "../db/in-transaction.ts";
import { lockRun } from "../db/state-change.ts";
import type { RunId } from "../../schemas/ids.ts";
import type { Reason } from "../../schemas/reasons.ts";
import { isTerminal, RUN_TRANSITIONS } from "../../schemas/states.ts";
import { settleRun } from "./settle.ts";
import { withChange, type Author, type Change } from "./change.ts";
import { moveRun } from "./transition.ts";

export type CancelAnswer = "requested" | "already_requested" | "ended" | "not_found";
export type CancelReason = Extract<Reason, "canceled_by_user" | "canceled_superseded">;

/**
 * Asks a run to stop. What no runner has claimed ends in the same transaction; claimed attempts are
 * told to stop and end by their deadline whatever happens. A run that is still being planned ends at once.
 */
export async function requestCancel(
  database: Database,
  author: Author,
  runId: RunId,
  reason: CancelReason,
): Promise<CancelAnswer> {
  return inTransaction(database, (tx) =>
    withChange(tx, author, (change) => stopRun(change, runId, { reason, detail: null })),
  );
}

interface Cancel {
  readonly reason: CancelReason;
  readonly detail: string | null;
}

/**
 * The same within a change. A run that a newer one supersedes lets its started jobs go on when they are not
 * interruptible; a person who cancels it after that ends these too.
 */
export async function stopRun(
  change: Change,
  runId: RunId,
  { reason, detail }: Cancel,
): Promise<CancelAnswer> {
  const run = await lockRun(change.tx, runId);
  if (run === null) {
    return "not_found";
  }
  const { state } = run;
  if (isTerminal(RUN_TRANSITIONS, state)) {
    return "ended";
  }
  const columns = { cancel_requested_at: new Date(change.now), cancel_reason: reason, cancel_detail: detail };
  if (state === "cancel_requested") {
    return reason === "canceled_by_user" && (await cancelAfterSuperseded(change, runId))
      ? "requested"
      : "already_requested";
  }
  if (state === "created" || state === "planning") {
    await moveRun(change, { id: runId, run: runId, from: state, to: "canceled", reason, detail, columns });
    return "requested";
  }
  await moveRun(change, { id: runId, run: runId, from: state, to: "cancel_requested", columns });
  await settleRun(change, runId);
  return "requested";
}

async function cancelAfterSuperseded(change: Change, runId: RunId): Promise<boolean> {
  const rows = await change.tx`
    update delta.runs set cancel_reason = 'canceled_by_user', cancel_detail = null
    where id = ${runId} and cancel_reason = 'canceled_superseded' returning 1`;
  if (rows.length === 0) {
    return false;
  }
  change.touched.add(runId);
  await settleRun(change, runId);
  return true;
}
