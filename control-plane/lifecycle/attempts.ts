import { wakeAll, wakeAttempt } from "../db/enqueue.ts";
import type { AttemptId, LeaseId, RunId } from "../../schemas/ids.ts";
import { CANCEL_CONFIRM_MS, HEARTBEAT_INTERVAL_MS } from "../../schemas/limits.ts";
import type { Reason } from "../../schemas/reasons.ts";
import type { StepReport } from "../../schemas/runner-protocol.ts";
import type { AttemptState, LeaseState, TerminalAttemptState } from "../../schemas/states.ts";
import { after, type Change } from "./change.ts";
import { moveAttempt, moveLease } from "./transition.ts";

/** A queued attempt is looked at again this often even if nothing makes room. */
export const ADMISSION_RECHECK_MS = 5_000;

interface AskToStop {
  readonly id: AttemptId;
  readonly run: RunId;
  readonly from: AttemptState;
  readonly reason: Reason;
  /** More about the reason, told when it has ended; null: the reason says it all. */
  readonly detail: string | null;
  /** Between the first signal and SIGKILL. */
  readonly graceMs: number;
}

/**
 * Tells a claimed attempt to stop: by the answer to its next heartbeat, and by its backend at once.
 * Its lease goes on, so that the runner can confirm; past the deadline it ends without.
 */
export async function askToStop(change: Change, ask: AskToStop): Promise<void> {
  const deadline = after(change, HEARTBEAT_INTERVAL_MS + ask.graceMs + CANCEL_CONFIRM_MS);
  await moveAttempt(change, {
    id: ask.id,
    run: ask.run,
    from: ask.from,
    to: "cancel_requested",
    columns: {
      cancel_requested_at: new Date(change.now),
      cancel_reason: ask.reason,
      cancel_detail: ask.detail,
      cancel_deadline_at: deadline,
      stop_wanted: true,
      wake_at: deadline,
    },
  });
  change.wakes.push(wakeAttempt("stop-attempt", ask.id));
}

export interface EndAttempt {
  readonly id: AttemptId;
  readonly run: RunId;
  readonly from: AttemptState;
  readonly to: TerminalAttemptState;
  readonly reason: Reason;
  readonly detail: string | null;
  /** How a lease that still lives ends with it. */
  readonly lease: Extract<LeaseState, "completed" | "expired" | "revoked" | "canceled">;
  /** How long its backend lets the runner be, so that it can finish its logs. */
  readonly stopDelayMs: number;
  /** Given when a runner asked for the end. */
  readonly epoch?: number;
  readonly exitCode?: number | null;
  /** How the stop was confirmed, when one was asked for. */
  readonly receipt?: string;
  readonly steps?: readonly StepReport[];
  /** What its steps handed on. */
  readonly outputs?: Readonly<Record<string, string>>;
}

/**
 * Ends an attempt for good: its lease, its hold on capacity, and its runner, which the backend is
 * told to stop until it is seen to be gone. False when it had moved on.
 */
export async function endAttempt(change: Change, end: EndAttempt): Promise<boolean> {
  const dispatched = end.from !== "created" && end.from !== "queued";
  const moved = await moveAttempt(change, {
    id: end.id,
    run: end.run,
    from: end.from,
    to: end.to,
    reason: end.reason,
    detail: end.detail,
    ...(end.epoch === undefined ? {} : { epoch: end.epoch }),
    columns: {
      ...(end.exitCode === undefined ? {} : { exit_code: end.exitCode }),
      ...(end.receipt === undefined ? {} : { cancel_receipt: end.receipt }),
      pending: null,
      stop_wanted: dispatched,
      wake_at: dispatched ? after(change, end.stopDelayMs) : null,
      ...(end.steps === undefined ? {} : { steps: change.tx.json(end.steps) }),
      ...(end.outputs === undefined ? {} : { outputs: change.tx.json(end.outputs) }),
    },
  });
  if (!moved) {
    return false;
  }
  const [lease] = await change.tx<{ id: LeaseId; state: LeaseState; epoch: number }[]>`
    select id, state, epoch from delta.leases where attempt_id = ${end.id} and state in ('granted', 'active')`;
  if (lease !== undefined) {
    await moveLease(change, {
      id: lease.id,
      run: end.run,
      from: lease.state,
      to: end.lease,
      epoch: lease.epoch,
    });
  }
  change.unsettled.add(end.run);
  change.wakes.push(wakeAll("admit-attempts"));
  if (dispatched && end.stopDelayMs === 0) {
    change.wakes.push(wakeAttempt("stop-attempt", end.id));
  }
  return true;
}
