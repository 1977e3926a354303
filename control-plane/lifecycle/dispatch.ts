import type { Database } from "../db/client.ts";
import { wakeAttempt } from "../db/enqueue.ts";
import { inTransaction } from "../db/in-transaction.ts";
import { lockRun } from "../db/state-change.ts";
import type { DispatchResult } from "../../schemas/dispatcher.ts";
import type { AttemptId, RunId } from "../../schemas/ids.ts";
import { CLAIM_DEADLINE_MS } from "../../schemas/limits.ts";
import type { Reason } from "../../schemas/reasons.ts";
import type { AttemptState } from "../../schemas/states.ts";
import { endAttempt } from "./attempts.ts";
import { after, withChange, type Change } from "./change.ts";
import { claimToken, hashToken } from "./tokens.ts";
import { moveAttempt } from "./transition.ts";

/** A dispatch whose wake-up was lost is repeated after this. */
const DISPATCH_RECHECK_MS = 5_000;
/** Between two tries of a backend that gives no answer: doubled each time, up to the second. */
const BACKOFF_MS = 500;
const BACKOFF_MS_MAX = 30_000;

/** Takes an admitted attempt to `dispatched`, before any backend is asked: a crash then repeats the asking. */
export async function beginDispatch(
  change: Change,
  { id, run, serverKey }: { readonly id: AttemptId; readonly run: RunId; readonly serverKey: Uint8Array },
): Promise<void> {
  await moveAttempt(change, {
    id,
    run,
    from: "queued",
    to: "dispatched",
    columns: {
      claim_token_hash: hashToken(claimToken(serverKey, id)),
      dispatched_at: new Date(change.now),
      pending: null,
      wake_at: after(change, DISPATCH_RECHECK_MS),
    },
  });
  change.wakes.push(wakeAttempt("dispatch-attempt", id));
}

interface DispatchedAttempt {
  readonly state: AttemptState;
  readonly tries: number;
}

/** Keeps what the backend answered. A runner that was faster than the answer is not disturbed. */
export async function recordDispatch(
  database: Database,
  attempt: { readonly id: AttemptId; readonly run: RunId },
  result: DispatchResult,
): Promise<void> {
  const author = { actor: "control-plane", cause: `dispatch ${result.status}` };
  await inTransaction(database, (tx) =>
    withChange(tx, author, async (change) => {
      await lockRun(tx, attempt.run);
      const [row] = await tx<DispatchedAttempt[]>`
        select state, dispatch_tries as tries from delta.attempts where id = ${attempt.id}`;
      if (row !== undefined) {
        await keepAnswer(change, attempt, row, result);
      }
    }),
  );
}

async function keepAnswer(
  change: Change,
  { id, run }: { readonly id: AttemptId; readonly run: RunId },
  { state, tries }: DispatchedAttempt,
  result: DispatchResult,
): Promise<void> {
  const { tx } = change;
  const waits = state === "dispatched";
  switch (result.status) {
    case "accepted": {
      const deadline = after(change, CLAIM_DEADLINE_MS);
      await tx`update delta.attempts set backend_ref = ${result.backendRef} where id = ${id}`;
      if (waits) {
        await tx`
          update delta.attempts set pending = null, claim_deadline_at = ${deadline},
            wake_at = least(${deadline}, queue_deadline_at) where id = ${id}`;
        change.touched.add(run);
      }
      return;
    }
    case "refused": {
      if (waits) {
        const reason: Reason = "dispatch_failed";
        const end = { id, run, from: state, to: "failed", reason, detail: result.detail } as const;
        await endAttempt(change, { ...end, lease: "revoked", stopDelayMs: 0 });
      }
      return;
    }
    case "unknown": {
      if (waits) {
        const delayMs = Math.max(result.retryAfterMs, Math.min(BACKOFF_MS * 2 ** tries, BACKOFF_MS_MAX));
        await tx`
          update delta.attempts set pending = ${result.detail}, dispatch_tries = dispatch_tries + 1,
            wake_at = ${after(change, delayMs + DISPATCH_RECHECK_MS)} where id = ${id}`;
        change.touched.add(run);
        change.wakes.push(wakeAttempt("dispatch-attempt", id, delayMs));
      }
      return;
    }
    default:
      result satisfies never;
  }
}
