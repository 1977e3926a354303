import type { AttemptId, JobId } from "../../schemas/ids.ts";
import type { PlanJob } from "../../schemas/plan.ts";
import type { Reason } from "../../schemas/reasons.ts";
import type { AttemptState, JobState, RunState } from "../../schemas/states.ts";

/**
 * One planned run as plain data, read in one transaction under the run's lock. Moments are
 * milliseconds since 1970 by the database's clock; null means that there is no such deadline.
 */
export interface RunSnapshot {
  readonly state: RunState;
  readonly deadlineAt: number | null;
  /** Why it is being canceled; null while nobody asked. */
  readonly cancelReason: Reason | null;
  readonly cancelDetail: string | null;
  /** Every job comes after the jobs it needs. Jobs the plan does not run have ended already. */
  readonly jobs: readonly JobSnapshot[];
}

export interface JobSnapshot {
  readonly id: JobId;
  readonly key: string;
  readonly required: boolean;
  readonly state: JobState;
  readonly reason: Reason | null;
  /** Null for a job that the plan does not run. */
  readonly plan: PlanJob | null;
  /** By number; only the last may be alive. */
  readonly attempts: readonly AttemptSnapshot[];
}

export interface AttemptSnapshot {
  readonly id: AttemptId;
  readonly number: number;
  readonly state: AttemptState;
  readonly reason: Reason | null;
  readonly detail: string | null;
  readonly exitCode: number | null;
  readonly notBefore: number;
  readonly queueDeadlineAt: number | null;
  readonly claimDeadlineAt: number | null;
  readonly deadlineAt: number | null;
  readonly cancelDeadlineAt: number | null;
  /** Why its stop was asked for; null while nobody asked. */
  readonly cancelReason: Reason | null;
}
