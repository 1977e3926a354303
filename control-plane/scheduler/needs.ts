import type { PlanJob, PlanNeed } from "../../schemas/plan.ts";
import { REASONS, type Reason } from "../../schemas/reasons.ts";
import { isTerminal, JOB_TRANSITIONS, type JobState } from "../../schemas/states.ts";

/** A job as far as it has been decided in this pass. */
export interface JobProgress {
  readonly key: string;
  readonly state: JobState;
  readonly reason: Reason | null;
  readonly plan: PlanJob | null;
  /** Exit code of its last attempt. */
  readonly exitCode: number | null;
}

export type NeedsAnswer =
  | { readonly needs: "met" }
  | { readonly needs: "waiting" }
  | { readonly needs: "unmet"; readonly reason: "need_failed" | "need_skipped"; readonly detail: string };

/**
 * Whether a job may start. The first need, in the order they are written, that has ended and does
 * not hold blocks the job for good, even while others still run.
 */
export function checkNeeds(needs: readonly PlanNeed[], jobs: ReadonlyMap<string, JobProgress>): NeedsAnswer {
  let waiting = false;
  for (const need of needs) {
    const job = jobs.get(need.job);
    if (job === undefined) {
      throw new Error(`a plan needs job ${need.job}, which it does not define`);
    }
    if (!isTerminal(JOB_TRANSITIONS, job.state)) {
      waiting = true;
    } else if (!holds(need, job)) {
      const detail = `needs ${need.job} (when: ${need.when}), which ended as ${job.state}`;
      return { needs: "unmet", reason: job.state === "skipped" ? "need_skipped" : "need_failed", detail };
    }
  }
  return waiting ? { needs: "waiting" } : { needs: "met" };
}

function holds(need: PlanNeed, job: JobProgress): boolean {
  switch (need.when) {
    case "success":
      return passed(job);
    case "done":
      return true;
    case "skipped_ok":
      return passed(job) || job.state === "skipped";
    default:
      return need.when satisfies never;
  }
}

/** It succeeded, or it failed in a way that its `allow_failure` accepts. */
export function passed(job: JobProgress): boolean {
  return job.state === "succeeded" || isAllowedFailure(job);
}

function isAllowedFailure({ state, reason, plan, exitCode }: JobProgress): boolean {
  if ((state !== "failed" && state !== "timed_out") || reason === null || REASONS[reason].blame !== "user") {
    return false;
  }
  const allowed = plan?.allow_failure ?? false;
  if (typeof allowed === "boolean") {
    return allowed && reason !== "run_timeout";
  }
  return reason === "step_failed" && exitCode !== null && allowed.includes(exitCode);
}
