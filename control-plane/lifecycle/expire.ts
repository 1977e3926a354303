import type { Database } from "../db/client.ts";
import { inTransaction } from "../db/in-transaction.ts";
import { lockIfExpired } from "../db/leases.ts";
import { lockRun } from "../db/state-change.ts";
import type { LeaseId, RunId } from "../../schemas/ids.ts";
import { endAttempt } from "./attempts.ts";
import { withChange } from "./change.ts";
import { moveLease } from "./transition.ts";

const AUTHOR = { actor: "control-plane", cause: "the lease expired" };

/**
 * Takes a lease from a holder that stopped renewing it; its attempt is lost. One that was already
 * told to stop goes on to its cancel deadline without a lease. False when the lease was renewed or ended meanwhile.
 */
export async function expireLease(database: Database, leaseId: LeaseId, runId: RunId): Promise<boolean> {
  return inTransaction(database, (tx) =>
    withChange(tx, AUTHOR, async (change) => {
      await lockRun(tx, runId);
      const lease = await lockIfExpired(tx, leaseId);
      if (lease === null) {
        return false;
      }
      const { attemptId: id, attemptState: from, epoch } = lease;
      if (from === "cancel_requested") {
        return moveLease(change, { id: leaseId, run: runId, from: lease.state, to: "expired", epoch });
      }
      const end = { id, run: runId, from, epoch, to: "lost", reason: "runner_lost" } as const;
      return endAttempt(change, { ...end, detail: lease.observed, lease: "expired", stopDelayMs: 0 });
    }),
  );
}
