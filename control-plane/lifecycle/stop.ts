import type { Database } from "../db/client.ts";
import { wakeAttempt } from "../db/enqueue.ts";
import { inTransaction } from "../db/in-transaction.ts";
import { lockRun } from "../db/state-change.ts";
import type { StopResult } from "../../schemas/dispatcher.ts";
import type { AttemptId, RunId } from "../../schemas/ids.ts";
import type { Reason } from "../../schemas/reasons.ts";
import type { AttemptState } from "../../schemas/states.ts";
import { endAttempt } from "./attempts.ts";
import { after, withChange, type Change } from "./change.ts";

/** A stop whose wake-up was lost is repeated after this. */
const STOP_RECHECK_MS = 5_000;
/** Between two looks at a runner that is stopping. */
const STOPPING_DELAY_MS = 1_000;
/** A backend that gives no answer is asked for ever, but ever more rarely. */
const BACKOFF_MS = 1_000;
const BACKOFF_MS_MAX = 60_000;

interface StoppingAttempt {
  readonly state: AttemptState;
  readonly tries: number;
  readonly cancelReason: Reason | null;
  readonly cancelDetail: string | null;
}

/** Keeps what the backend answered to a stop: seen to be gone, the wish is fulfilled; else it is asked again. */
export async function recordStop(
  database: Database,
  attempt: { readonly id: AttemptId; readonly run: RunId },
  result: StopResult,
): Promise<void> {
  const author = { actor: "control-plane", cause: "the backend saw it gone" };
  await inTransaction(database, (tx) =>
    withChange(tx, author, async (change) => {
      await lockRun(tx, attempt.run);
      const [row] = await tx<StoppingAttempt[]>`
        select state, stop_tries as tries, cancel_reason as "cancelReason", cancel_detail as "cancelDetail"
        from delta.attempts
        where id = ${attempt.id} and stop_wanted`;
      if (row !== undefined) {
        await keepAnswer(change, attempt, row, result);
      }
    }),
  );
}

async function keepAnswer(
  change: Change,
  { id, run }: { readonly id: AttemptId; readonly run: RunId },
  { state, tries, cancelReason, cancelDetail }: StoppingAttempt,
  result: StopResult,
): Promise<void> {
  const { tx } = change;
  if (result.status === "gone") {
    if (state === "cancel_requested") {
      const reason = cancelReason ?? "canceled_by_user";
      const to = reason === "run_timeout" ? "timed_out" : "canceled";
      const end = {
        id,
        run,
        from: state,
        to,
        reason,
        detail: cancelDetail,
        receipt: "backend_gone",
      } as const;
      await endAttempt(change, { ...end, lease: "revoked", stopDelayMs: 0 });
    }
    await tx`
      update delta.attempts set stop_wanted = false,
        wake_at = case when finalized_at is null then wake_at end where id = ${id}`;
    return;
  }
  const backoff = Math.min(BACKOFF_MS * 2 ** tries, BACKOFF_MS_MAX);
  const delayMs = result.status === "stopping" ? STOPPING_DELAY_MS : Math.max(result.retryAfterMs, backoff);
  await tx`
    update delta.attempts set stop_tries = stop_tries + ${result.status === "stopping" ? 0 : 1},
      wake_at = least(${after(change, delayMs + STOP_RECHECK_MS)},
        case when finalized_at is null then cancel_deadline_at end)
    where id = ${id}`;
  change.wakes.push(wakeAttempt("stop-attempt", id, delayMs));
}
