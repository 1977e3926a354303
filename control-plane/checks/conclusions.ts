import type { JobView, RunView } from "../../schemas/api.ts";
import type { CheckConclusion, CheckStatus } from "../../schemas/forge.ts";

export interface CheckOutcome {
  readonly status: CheckStatus;
  /** Given with `completed` alone. */
  readonly conclusion: CheckConclusion | null;
}

const QUEUED: CheckOutcome = { status: "queued", conclusion: null };
const RUNNING: CheckOutcome = { status: "in_progress", conclusion: null };

/**
 * What the forge shows for a run. A commit without a pipeline fails: a change that removes the
 * pipeline must not satisfy the checks it removed.
 */
export function runOutcome(run: RunView): CheckOutcome {
  switch (run.state) {
    case "created":
    case "planning":
    case "queued":
      return QUEUED;
    case "running":
    case "cancel_requested":
      return RUNNING;
    case "succeeded":
      return completed("success");
    case "failed":
    case "plan_failed":
      return completed("failure");
    case "canceled":
      return completed("cancelled");
    case "timed_out":
      return completed("timed_out");
    default:
      return run.state satisfies never;
  }
}

/**
 * What the forge shows for a job. Branch protection is satisfied by success, skipped and neutral: so a
 * job that the plan left out is `skipped`, with its evidence, and a required check never hangs. A
 * required job that could not run because of others is a failure, as `skipped` would let it pass. A job that is
 * not required fails as `neutral`: it is seen and stops nobody.
 */
export function jobOutcome(job: JobView): CheckOutcome {
  switch (job.state) {
    case "waiting":
      return QUEUED;
    case "active":
      return job.started_at === null ? QUEUED : RUNNING;
    case "succeeded":
      return completed("success");
    case "skipped":
      return completed("skipped");
    case "blocked":
    case "failed":
      return completed(job.required ? "failure" : "neutral");
    case "timed_out":
      return completed(job.required ? "timed_out" : "neutral");
    case "canceled":
      return completed("cancelled");
    default:
      return job.state satisfies never;
  }
}

function completed(conclusion: CheckConclusion): CheckOutcome {
  return { status: "completed", conclusion };
}
