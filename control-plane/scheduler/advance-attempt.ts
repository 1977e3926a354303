import type { Reason } from "../../schemas/reasons.ts";
import { ATTEMPT_TRANSITIONS, isTerminal, type TerminalAttemptState } from "../../schemas/states.ts";
import type { RunDecision, Stop } from "./decision.ts";
import type { AttemptSnapshot } from "./run-snapshot.ts";
import { isClaimed } from "./started.ts";

export interface AttemptStep {
  /** The attempt as it is once the decisions are carried out. */
  readonly attempt: AttemptSnapshot;
  readonly decisions: readonly RunDecision[];
}

/** What must happen to a job's last attempt now: it is queued, told to stop, or ended by a deadline of its own. */
export function advanceAttempt(attempt: AttemptSnapshot, stop: Stop | null, now: number): AttemptStep {
  if (isTerminal(ATTEMPT_TRANSITIONS, attempt.state)) {
    return { attempt, decisions: [] };
  }
  const end = (state: TerminalAttemptState, reason: Reason, detail: string | null): AttemptStep => ({
    attempt: { ...attempt, state, reason, detail },
    decisions: [{ decide: "end_attempt", attempt: attempt.id, from: attempt.state, state, reason, detail }],
  });
  const due = (deadline: number | null): boolean => deadline !== null && deadline <= now;

  if (attempt.state === "cancel_requested") {
    return due(attempt.cancelDeadlineAt) ? unconfirmed(attempt, end) : { attempt, decisions: [] };
  }
  if (stop !== null) {
    if (isClaimed(attempt.state)) {
      const { id, state } = attempt;
      return {
        attempt: { ...attempt, state: "cancel_requested", cancelReason: stop.reason },
        decisions: [{ decide: "ask_to_stop", attempt: id, from: state, reason: stop.reason }],
      };
    }
    return end(attempt.state === "created" ? "canceled" : stop.state, stop.reason, null);
  }
  if (attempt.state === "created") {
    return attempt.notBefore <= now
      ? {
          attempt: { ...attempt, state: "queued" },
          decisions: [{ decide: "queue_attempt", attempt: attempt.id }],
        }
      : { attempt, decisions: [] };
  }
  if (isClaimed(attempt.state)) {
    return due(attempt.deadlineAt)
      ? end("timed_out", "attempt_timeout", "its runner did not end it in time")
      : { attempt, decisions: [] };
  }
  if (due(attempt.queueDeadlineAt)) {
    return end("timed_out", "queue_timeout", attempt.detail);
  }
  return attempt.state === "dispatched" && due(attempt.claimDeadlineAt)
    ? end("failed", "runner_start_timeout", attempt.detail)
    : { attempt, decisions: [] };
}

/** Nobody confirmed the stop; it ends all the same, and says so. */
function unconfirmed(
  attempt: AttemptSnapshot,
  end: (state: TerminalAttemptState, reason: Reason, detail: string | null) => AttemptStep,
): AttemptStep {
  return attempt.cancelReason === "run_timeout"
    ? end("timed_out", "run_timeout", "nothing confirmed that it stopped")
    : end("canceled", "cancel_unconfirmed", null);
}
