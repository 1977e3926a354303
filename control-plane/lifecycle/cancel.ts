import type { Database } from "../db/client.ts";
import { inTransaction } from "../db/in-transaction.ts";
import { lockRun } from "../db/state-change.ts";
import type { RunId } from "../../schemas/ids.ts";
import type { Reason } from "../../schemas/reasons.ts";
import { isTerminal, RUN_TRANSITIONS } from "../../schemas/states.ts";
import { settleRun } from "./settle.ts";
import { withChange, type Author } from "./change.ts";
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
    withChange(tx, author, async (change) => {
      const run = await lockRun(tx, runId);
      if (run === null) {
        return "not_found";
      }
      const { state } = run;
      if (isTerminal(RUN_TRANSITIONS, state)) {
        return "ended";
      }
      if (state === "cancel_requested") {
        return "already_requested";
      }
      const asked = { cancel_requested_at: new Date(change.now), cancel_reason: reason };
      if (state === "created" || state === "planning") {
        await moveRun(change, { id: runId, run: runId, from: state, to: "canceled", reason, columns: asked });
        return "requested";
      }
      await moveRun(change, { id: runId, run: runId, from: state, to: "cancel_requested", columns: asked });
      await settleRun(change, runId);
      return "requested";
    }),
  );
}
