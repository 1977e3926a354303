import type { KeyObject } from "node:crypto";
import type { Database } from "../db/client.ts";
import { keepBackendRefs, readAskedAttempts, type AskedAttempt } from "../db/dispatches.ts";
import { wakeAll, wakeDispatch } from "../db/enqueue.ts";
import { inTransaction } from "../db/in-transaction.ts";
import { lockRuns } from "../db/state-change.ts";
import type { DispatchResult } from "../../schemas/dispatcher.ts";
import type { AttemptId, RunId } from "../../schemas/ids.ts";
import { CLAIM_DEADLINE_MS } from "../../schemas/limits.ts";
import type { Reason } from "../../schemas/reasons.ts";
import { endAttempt } from "./attempts.ts";
import { after, withChange, type Change } from "./change.ts";
import { claimToken, hashToken } from "./tokens.ts";
import { moveAttempts } from "./transition.ts";

/** A dispatch whose wake-up was lost is repeated after this. */
const DISPATCH_RECHECK_MS = 5_000;
/** Between two tries of a backend that gives no answer: doubled each time, up to the second. */
const BACKOFF_MS = 500;
const BACKOFF_MS_MAX = 30_000;

/**
 * Takes admitted attempts of one run to `dispatched`, before any backend is asked: a crash then repeats
 * the asking. The caller holds the run's lock.
 */
export async function beginDispatch(change: Change, { ids, run, serverKey }: DispatchBegin): Promise<void> {
  const hashes = Object.fromEntries(
    ids.map((id) => [id, hashToken(claimToken(serverKey, id)).toString("hex")]),
  );
  await moveAttempts(change, {
    ids,
    run,
    from: "queued",
    to: "dispatched",
    columns: {
      claim_token_hash: change.tx`decode(${change.tx.json(hashes)}::jsonb ->> id::text, 'hex')`,
      dispatched_at: new Date(change.now),
      dispatch_at: new Date(change.now),
      pending: null,
      wake_at: after(change, DISPATCH_RECHECK_MS),
    },
  });
  change.wakes.push(wakeAll("dispatch-attempts"));
}

interface DispatchBegin {
  readonly ids: readonly AttemptId[];
  readonly run: RunId;
  readonly serverKey: KeyObject;
}

/** What a backend answered when it was asked for a runner. */
export interface DispatchAnswer {
  readonly id: AttemptId;
  readonly run: RunId;
  readonly result: DispatchResult;
}

/** Keeps what the backend answered, many at once. A runner that was faster than the answer is not disturbed. */
export async function recordDispatches(
  database: Database,
  answers: readonly DispatchAnswer[],
): Promise<void> {
  const author = { actor: "control-plane", cause: "the backend answered a dispatch" };
  await inTransaction(database, (tx) =>
    withChange(tx, author, async (change) => {
      await lockRuns(tx, new Set(answers.map(({ run }) => run)));
      const asked = await readAskedAttempts(
        tx,
        answers.map(({ id }) => id),
      );
      const refs: { id: AttemptId; ref: string }[] = [];
      for (const { id, result } of answers) {
        const attempt = asked.get(id);
        if (attempt !== undefined && result.status === "accepted") {
          refs.push({ id, ref: result.backendRef });
          if (attempt.state === "dispatched" && attempt.pending !== null) {
            change.touched.add(attempt.run);
          }
        } else if (attempt?.state === "dispatched" && result.status !== "accepted") {
          await keepRefusal(change, attempt, result);
        }
      }
      await keepBackendRefs(tx, refs, after(change, CLAIM_DEADLINE_MS));
    }),
  );
}

/** Nothing runs for it, as far as the backend knows: it ends, or its backend is asked again. */
async function keepRefusal(
  change: Change,
  { id, run, state, tries }: AskedAttempt,
  result: Exclude<DispatchResult, { readonly status: "accepted" }>,
): Promise<void> {
  if (result.status === "refused") {
    const reason: Reason = "dispatch_failed";
    const end = { id, run, from: state, to: "failed", reason, detail: result.detail } as const;
    await endAttempt(change, { ...end, lease: "revoked", stopDelayMs: 0 });
    return;
  }
  const delayMs = Math.max(result.retryAfterMs, Math.min(BACKOFF_MS * 2 ** tries, BACKOFF_MS_MAX));
  await change.tx`
    update delta.attempts set pending = ${result.detail}, dispatch_tries = dispatch_tries + 1,
      dispatch_at = ${after(change, delayMs)}, wake_at = ${after(change, delayMs + DISPATCH_RECHECK_MS)}
    where id = ${id}`;
  change.touched.add(run);
  change.wakes.push(wakeDispatch(id, delayMs));
}
