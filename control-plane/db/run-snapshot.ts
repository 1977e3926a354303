import type { AttemptId, JobId, RunId } from "../../schemas/ids.ts";
import type { Plan } from "../../schemas/plan.ts";
import type { Reason } from "../../schemas/reasons.ts";
import type { AttemptState, JobState, RunState } from "../../schemas/states.ts";
import type { AttemptSnapshot, JobSnapshot, RunSnapshot } from "../scheduler/run-snapshot.ts";
import type { Transaction } from "./client.ts";
import { readPlan } from "./plans.ts";

interface RunRow {
  readonly state: RunState;
  readonly plan_digest: string | null;
  readonly deadline_at: Date | null;
  readonly cancel_reason: Reason | null;
  readonly cancel_detail: string | null;
}

interface JobRow {
  readonly id: JobId;
  readonly key: string;
  readonly required: boolean;
  readonly state: JobState;
  readonly reason: Reason | null;
}

interface AttemptRow {
  readonly id: AttemptId;
  readonly job_id: JobId;
  readonly number: number;
  readonly state: AttemptState;
  readonly reason: Reason | null;
  readonly reason_detail: string | null;
  readonly pending: string | null;
  readonly exit_code: number | null;
  readonly not_before: Date;
  readonly queue_deadline_at: Date | null;
  readonly claim_deadline_at: Date | null;
  readonly deadline_at: Date | null;
  readonly cancel_deadline_at: Date | null;
  readonly cancel_reason: Reason | null;
}

/**
 * Locks the run and reads it with its jobs and attempts, jobs in the plan's order. Null when there
 * is no such run or it has no plan yet.
 */
export async function lockRunSnapshot(
  tx: Transaction,
  runId: RunId,
): Promise<{ readonly snapshot: RunSnapshot; readonly plan: Plan } | null> {
  const [run] = await tx<RunRow[]>`
    select state, plan_digest, deadline_at, cancel_reason, cancel_detail
    from delta.runs where id = ${runId} for update`;
  if (run === undefined || run.plan_digest === null) {
    return null;
  }
  const plan = await readPlan(tx, run.plan_digest);
  const jobs = await tx<JobRow[]>`
    select id, key, required, state, reason from delta.jobs where run_id = ${runId}`;
  const attempts = await tx<AttemptRow[]>`
    select id, job_id, number, state, reason, reason_detail, pending, exit_code, not_before, queue_deadline_at,
      claim_deadline_at, deadline_at, cancel_deadline_at, cancel_reason
    from delta.attempts where run_id = ${runId} order by number`;
  const byJob = Map.groupBy(attempts, (attempt) => attempt.job_id);
  const snapshot: RunSnapshot = {
    state: run.state,
    deadlineAt: moment(run.deadline_at),
    cancelReason: run.cancel_reason,
    cancelDetail: run.cancel_detail,
    jobs: inPlanOrder(jobs, plan).map(({ row, job }) => ({
      ...row,
      plan: job,
      attempts: (byJob.get(row.id) ?? []).map(toAttempt),
    })),
  };
  return { snapshot, plan };
}

/** Jobs that do not run come first: they have ended, and others may need them. */
function inPlanOrder(rows: readonly JobRow[], plan: Plan): { row: JobRow; job: JobSnapshot["plan"] }[] {
  const planned = new Map(plan.jobs.map((job, position) => [job.key, { job, position }]));
  return rows
    .map((row) => ({ row, entry: planned.get(row.key) }))
    .sort((a, b) => (a.entry?.position ?? -1) - (b.entry?.position ?? -1))
    .map(({ row, entry }) => ({ row, job: entry?.job ?? null }));
}

function toAttempt(row: AttemptRow): AttemptSnapshot {
  return {
    id: row.id,
    number: row.number,
    state: row.state,
    reason: row.reason,
    detail: row.reason === null ? row.pending : row.reason_detail,
    exitCode: row.exit_code,
    notBefore: row.not_before.getTime(),
    queueDeadlineAt: moment(row.queue_deadline_at),
    claimDeadlineAt: moment(row.claim_deadline_at),
    deadlineAt: moment(row.deadline_at),
    cancelDeadlineAt: moment(row.cancel_deadline_at),
    cancelReason: row.cancel_reason,
  };
}

function moment(date: Date | null): number | null {
  return date?.getTime() ?? null;
}
