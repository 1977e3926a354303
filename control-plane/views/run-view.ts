import type { AttemptView, JobView, RunSummaryView, RunView } from "../../schemas/api.ts";
import type { Plan } from "../../schemas/plan.ts";
import { isTerminal, JOB_TRANSITIONS, type JobState } from "../../schemas/states.ts";
import type { AttemptRow, JobRow, RunRow, RunRows, RunSummaryRow } from "../db/run-rows.ts";

/** One run as people and programs are shown it. Pure; `plan` is null until the run has one. */
export function runView(rows: RunRows, plan: Plan | null): RunView {
  const { run, jobs, attempts } = rows;
  const states = new Map(jobs.map(({ key, state }) => [key, state]));
  return {
    version: 1,
    ...common(run),
    event: run.event,
    diagnostics: run.diagnostics,
    jobs: jobs.map((job) => {
      const own = attempts.filter(({ job_id }) => job_id === job.id);
      return jobView(job, own, rows, plan, states);
    }),
  };
}

export function runSummaryView(row: RunSummaryRow): RunSummaryView {
  const { ref, jobs_by_state } = row;
  const jobs_total = Object.values(jobs_by_state).reduce((total, jobs) => total + jobs, 0);
  return { version: 1, ...common(row), ref, jobs_total, jobs_by_state };
}

function common(run: Omit<RunRow, "event" | "diagnostics">) {
  const { id, number, repository, state, reason, reason_detail, plan_digest, rerun_of } = run;
  return {
    id,
    number,
    repository,
    state,
    reason,
    reason_detail,
    head: run.head_sha,
    base: run.base_sha,
    plan_digest,
    created_at: run.created_at.toISOString(),
    started_at: text(run.started_at),
    finalized_at: text(run.finalized_at),
    cancel_requested_at: text(run.cancel_requested_at),
    rerun_of,
  };
}

type LeftByAttempts = Pick<RunRows, "streams" | "artifacts">;

function jobView(
  job: JobRow,
  attempts: readonly AttemptRow[],
  left: LeftByAttempts,
  plan: Plan | null,
  states: ReadonlyMap<string, JobState>,
): JobView {
  const decision = plan?.decisions.find(({ key }) => key === job.key);
  const planned = plan?.jobs.find(({ key }) => key === job.key);
  const steps = planned?.steps.map(({ name }) => name) ?? [];
  const views = attempts.map((attempt) => attemptView(attempt, left, steps));
  const awaited = (planned?.needs ?? []).map((need) => need.job).filter((key) => isLive(states.get(key)));
  const waiting = awaited.length === 0 ? null : `needs ${awaited.join(", ")}`;
  return {
    id: job.id,
    key: job.key,
    required: job.required,
    state: job.state,
    reason: job.reason,
    reason_detail: job.reason_detail,
    because: decision?.because ?? "",
    pending: job.state === "waiting" ? waiting : (views.at(-1)?.pending ?? null),
    attempts: views,
    started_at: text(job.started_at),
    finalized_at: text(job.finalized_at),
  };
}

function isLive(state: JobState | undefined): boolean {
  return state !== undefined && !isTerminal(JOB_TRANSITIONS, state);
}

function attemptView(
  attempt: AttemptRow,
  { streams, artifacts }: LeftByAttempts,
  stepNames: readonly string[],
): AttemptView {
  const { id, number, state, reason, reason_detail, exit_code, cancel_receipt } = attempt;
  const waits = attempt.finalized_at === null && ["created", "queued", "dispatched"].includes(state);
  return {
    id,
    number,
    state,
    reason,
    reason_detail,
    exit_code,
    pending: waits ? (attempt.pending ?? attempt.observed) : null,
    steps: attempt.steps.map((step) => ({
      ...step,
      name: stepNames[step.index] ?? `step ${step.index + 1}`,
    })),
    streams: streams
      .filter(({ attempt_id }) => attempt_id === id)
      .map(({ stream, acked, closed }) => ({
        stream,
        // Stream 0 is the runner's own, then one per step.
        name: stream === 0 ? "runner" : (stepNames[stream - 1] ?? `step ${stream}`),
        acked,
        closed,
      })),
    artifacts: artifacts
      .filter(({ attempt_id }) => attempt_id === id)
      .map(({ attempt_id: _attempt, expires_at, removed_at, ...artifact }) => ({
        ...artifact,
        expires_at: new Date(expires_at).toISOString(),
        removed_at: removed_at === null ? null : new Date(removed_at).toISOString(),
      })),
    created_at: attempt.created_at.toISOString(),
    started_at: text(attempt.started_at),
    finalized_at: text(attempt.finalized_at),
    cancel_receipt,
  };
}

function text(moment: Date | null): string | null {
  return moment?.toISOString() ?? null;
}
