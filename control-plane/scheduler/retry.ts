import { ATTEMPTS_MAX, POISON_LOSSES } from "../../schemas/limits.ts";
import type { PlanJob, RetryCause } from "../../schemas/plan.ts";
import { REASONS, type Reason } from "../../schemas/reasons.ts";
import type { AttemptSnapshot } from "./run-snapshot.ts";

/** What follows the end of a job's latest attempt that did not succeed. */
export type RetryDecision =
  | { readonly retry: true; readonly delayMs: number }
  | { readonly retry: false; readonly reason: Reason; readonly detail: string | null };

/** Before the second try after a loss; each further one waits four times as long, so that a sick backend is left alone. */
const LOSS_RETRY_DELAY_MS = 1_000;
const LOSS_RETRY_FACTOR = 4;

/** Ends of which the same again is certain: trying once more helps nobody. */
const PERMANENT: ReadonlySet<Reason> = new Set<Reason>(["dispatch_failed", "queue_timeout"]);

/** A runner that vanished or broke: three of them in a row are blamed on the job, as poison. */
const LOSSES: ReadonlySet<Reason> = new Set<Reason>(["runner_lost", "runner_error", "runner_start_timeout"]);

const CAUSES: Readonly<Partial<Record<Reason, RetryCause>>> = {
  oom: "oom",
  step_timeout: "timeout",
  attempt_timeout: "timeout",
  no_output_timeout: "timeout",
};

/**
 * Decides from a job's attempts alone. Losses of the infrastructure are tried again on their own, up
 * to POISON_LOSSES in a row; failures of the user's code only as far as `retry` asks. Both are
 * counted apart, and no job has more than ATTEMPTS_MAX attempts.
 */
export function decideRetry(job: PlanJob, attempts: readonly AttemptSnapshot[]): RetryDecision {
  const last = attempts.at(-1);
  const reason = last?.reason;
  if (last === undefined || reason === null || reason === undefined) {
    throw new Error(`job ${job.key} has no attempt that ended`);
  }
  const giveUp: RetryDecision = { retry: false, reason, detail: last.detail };
  if (REASONS[reason].blame === "infra") {
    const row = lossesInARow(attempts);
    if (PERMANENT.has(reason)) {
      return giveUp;
    }
    if (row >= POISON_LOSSES) {
      return isPoison(attempts) ? poisoned(reason, last.detail) : giveUp;
    }
    return attempts.length >= ATTEMPTS_MAX ? giveUp : { retry: true, delayMs: lossDelay(row) };
  }
  const failures = attempts.filter((attempt) => blameOf(attempt) === "user").length;
  const asked = causesOf(reason, last.exitCode).some((cause) => job.retry.on.includes(cause));
  return asked && failures <= job.retry.max && attempts.length < ATTEMPTS_MAX
    ? { retry: true, delayMs: job.retry.delay_ms }
    : giveUp;
}

function poisoned(reason: Reason, detail: string | null): RetryDecision {
  const words = `${POISON_LOSSES} attempts in a row were lost; the last: ${reason}`;
  return { retry: false, reason: "poison", detail: detail === null ? words : `${words}: ${detail}` };
}

function causesOf(reason: Reason, exitCode: number | null): readonly RetryCause[] {
  const cause = CAUSES[reason];
  return [
    ...(cause === undefined ? [] : [cause]),
    ...(reason === "step_failed" && exitCode !== null ? [`exit:${exitCode}` as const] : []),
  ];
}

function blameOf(attempt: AttemptSnapshot): string | null {
  return attempt.reason === null ? null : REASONS[attempt.reason].blame;
}

/** How many attempts at the end of the list ended by fault of the infrastructure. */
function lossesInARow(attempts: readonly AttemptSnapshot[]): number {
  const other = attempts.findLastIndex((attempt) => blameOf(attempt) !== "infra");
  return attempts.length - 1 - other;
}

function isPoison(attempts: readonly AttemptSnapshot[]): boolean {
  return attempts.slice(-POISON_LOSSES).every(({ reason }) => reason !== null && LOSSES.has(reason));
}

function lossDelay(losses: number): number {
  return LOSS_RETRY_DELAY_MS * LOSS_RETRY_FACTOR ** (losses - 1);
}
