import type { ArtifactView } from "../../schemas/api.ts";
import type { Diagnostic } from "../../schemas/diagnostic.ts";
import type { PipelineEvent } from "../../schemas/event.ts";
import type { AttemptId, JobId, PlanDigest, RunId } from "../../schemas/ids.ts";
import type { Reason } from "../../schemas/reasons.ts";
import type { StepReport } from "../../schemas/runner-protocol.ts";
import type { AttemptState, JobState, RunState } from "../../schemas/states.ts";
import type { Connection } from "./client.ts";

export interface RunRow {
  readonly id: RunId;
  readonly number: number;
  readonly repository: string;
  readonly state: RunState;
  readonly reason: Reason | null;
  readonly reason_detail: string | null;
  readonly event: PipelineEvent;
  readonly head_sha: string;
  readonly base_sha: string | null;
  readonly plan_digest: PlanDigest | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly version: number;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly finalized_at: Date | null;
  readonly cancel_requested_at: Date | null;
  readonly rerun_of: RunId | null;
}

export interface JobRow {
  readonly id: JobId;
  readonly key: string;
  readonly required: boolean;
  readonly state: JobState;
  readonly reason: Reason | null;
  readonly reason_detail: string | null;
  readonly started_at: Date | null;
  readonly finalized_at: Date | null;
}

export interface AttemptRow {
  readonly id: AttemptId;
  readonly job_id: JobId;
  readonly number: number;
  readonly state: AttemptState;
  readonly reason: Reason | null;
  readonly reason_detail: string | null;
  readonly exit_code: number | null;
  readonly pending: string | null;
  readonly observed: string | null;
  readonly steps: readonly StepReport[];
  readonly cancel_receipt: string | null;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly finalized_at: Date | null;
}

export interface StreamRow {
  readonly attempt_id: AttemptId;
  readonly stream: number;
  readonly acked: number;
  readonly closed: boolean;
}

/** An artifact that is whole, its moments as Postgres writes them in JSON. */
export interface ArtifactRow extends ArtifactView {
  readonly attempt_id: AttemptId;
}

/** Everything of one run that people are shown, as of one moment. */
export interface RunRows {
  readonly run: RunRow;
  readonly jobs: readonly JobRow[];
  readonly attempts: readonly AttemptRow[];
  readonly streams: readonly StreamRow[];
  readonly artifacts: readonly ArtifactRow[];
}

/** Null when there is no such run. One statement, so that its parts fit together. */
export async function readRunRows(connection: Connection, id: RunId): Promise<RunRows | null> {
  const [row] = await connection<(RunRow & JsonParts)[]>`
    select r.id, r.number, p.full_name as repository, r.state, r.reason, r.reason_detail, r.event, r.head_sha,
      r.base_sha, r.plan_digest, r.diagnostics, r.version, r.created_at, r.started_at, r.finalized_at,
      r.cancel_requested_at, r.rerun_of,
      coalesce((select jsonb_agg(j order by j.position) from (
        select id, key, position, required, state, reason, reason_detail, started_at, finalized_at
        from delta.jobs where run_id = r.id) j), '[]') as jobs,
      coalesce((select jsonb_agg(a order by a.number) from (
        select id, job_id, number, state, reason, reason_detail, exit_code, pending, observed, steps, cancel_receipt,
          created_at, started_at, finalized_at
        from delta.attempts where run_id = r.id) a), '[]') as attempts,
      coalesce((select jsonb_agg(s order by s.stream) from (
        select attempt_id, stream, acked, closed from delta.log_streams
        where attempt_id in (select id from delta.attempts where run_id = r.id)) s), '[]') as streams,
      coalesce((select jsonb_agg(to_jsonb(f) - 'position' order by f.position) from (
        select attempt_id, position, name, type, acked as size, sha256, files, unpacked_bytes, expires_at, removed_at
        from delta.artifacts
        where closed_at is not null and attempt_id in (select id from delta.attempts where run_id = r.id)) f),
        '[]') as artifacts
    from delta.runs r join delta.repositories p on p.id = r.repository_id where r.id = ${id}`;
  if (row === undefined) {
    return null;
  }
  const { jobs, attempts, streams, artifacts, ...run } = row;
  return { run, jobs: jobs.map(withDates), attempts: attempts.map(withDates), streams, artifacts };
}

type JsonParts = Omit<RunRows, "run">;

/** Moments inside JSON come as text. */
function withDates<Row extends JobRow | AttemptRow>(row: Row): Row {
  const moment = (text: unknown): Date | null => (typeof text === "string" ? new Date(text) : null);
  return {
    ...row,
    ...("created_at" in row ? { created_at: moment(row.created_at) } : {}),
    started_at: moment(row.started_at),
    finalized_at: moment(row.finalized_at),
  };
}

export type RunSummaryRow = Omit<RunRow, "event" | "diagnostics"> & {
  readonly ref: string;
  readonly jobs_by_state: Readonly<Partial<Record<JobState, number>>>;
};

/** Newest first; `before` is the id of a run and excludes it and all newer ones. */
export async function listRunRows(
  connection: Connection,
  page: { readonly limit: number; readonly before: string | null; readonly repository: string | null },
): Promise<readonly RunSummaryRow[]> {
  return connection<RunSummaryRow[]>`
    select r.id, r.number, p.full_name as repository, r.state, r.reason, r.reason_detail, r.event->>'ref' as ref,
      r.head_sha, r.base_sha, r.plan_digest, r.version, r.created_at, r.started_at, r.finalized_at,
      r.cancel_requested_at, r.rerun_of,
      coalesce((select jsonb_object_agg(state, jobs) from (
        select state, count(*) as jobs from delta.jobs where run_id = r.id group by state) s), '{}') as jobs_by_state
    from delta.runs r join delta.repositories p on p.id = r.repository_id
    where (${page.before}::uuid is null or r.id < ${page.before}::uuid)
      and (${page.repository}::text is null or p.full_name = ${page.repository})
    order by r.id desc limit ${page.limit}`;
}

/** Current versions of the runs that exist among those named. */
export async function readRunVersions(
  connection: Connection,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await connection<{ id: string; version: number }[]>`
    select id, version from delta.runs where id = any(${[...ids]})`;
  return new Map(rows.map(({ id, version }) => [id, version]));
}
