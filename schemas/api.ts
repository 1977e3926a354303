import { Type, type Static } from "typebox";
import { UUID_PATTERN } from "./ids.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { PipelineEvent } from "./event.ts";
import type { StepReport } from "./runner-protocol.ts";
import type { PlanArtifact } from "./plan-job-parts.ts";
import type { Plan } from "./plan.ts";
import type { Reason } from "./reasons.ts";
import type { AttemptState, JobState, RunState } from "./states.ts";

/**
 * The control plane's API for people and the CLI, `/api/v1`, `authorization: Bearer <api token>`.
 *
 *   GET  /api/v1/health                          HealthView (no token needed)
 *   GET  /api/v1/runs?limit=&before=&repository= RunList, newest first
 *   POST /api/v1/runs                            LocalRunRequest -> RunView (local repositories)
 *   GET  /api/v1/runs/:run                       RunView
 *   GET  /api/v1/runs/:run/plan                  PlanView
 *   GET  /api/v1/runs/:run/events?after=         server-sent events: RunView on every change, ends when terminal
 *   POST /api/v1/runs/:run/cancel                -> RunView; 409 when it has ended
 *   POST /api/v1/runs/:run/rerun                 -> RunView of the new run; 409 while it lives
 *   GET  /api/v1/attempts/:attempt/logs/:stream?offset=&follow=   bytes, chunked
 *   GET  /api/v1/attempts/:attempt/artifacts/:name   a gzipped tar, as an attachment; 410 when it was removed
 */
export interface HealthView {
  readonly status: "ok";
  readonly version: string;
  readonly dispatcher: string;
}

export const LocalRunRequest = Type.Object(
  {
    /** Absolute path of a git repository on the control plane's own machine. */
    repository_path: Type.String({ minLength: 1, maxLength: 4_096 }),
    /** Full commit ids that exist in that repository. */
    head: Type.String({ pattern: "^[0-9a-f]{40}([0-9a-f]{24})?$" }),
    base: Type.Union([Type.String({ pattern: "^[0-9a-f]{40}([0-9a-f]{24})?$" }), Type.Null()]),
    ref: Type.String({ minLength: 1, maxLength: 1_024 }),
    default_branch: Type.Union([Type.String({ maxLength: 1_024 }), Type.Null()]),
    /** Only these jobs and what they need; empty means all the plan selected. */
    jobs: Type.Array(Type.String({ maxLength: 256 }), { maxItems: 100 }),
    /** Run every job, whatever changed. */
    all: Type.Boolean(),
  },
  { additionalProperties: false },
);
export type LocalRunRequest = Static<typeof LocalRunRequest>;

export const RunParams = Type.Object({ run: Type.String({ pattern: UUID_PATTERN }) });

/** Why something waits, in words people read; null when it does not wait. */
export type PendingReason = string | null;

/** Files that an attempt left behind: a gzipped tar of `size` bytes. */
export interface ArtifactView {
  readonly name: string;
  readonly type: PlanArtifact["type"];
  readonly size: number;
  readonly sha256: string;
  /** Files and links in it, and the bytes that come out of it. */
  readonly files: number;
  readonly unpacked_bytes: number;
  readonly expires_at: string;
  /** When its bytes were given up; null while they can be read. */
  readonly removed_at: string | null;
}

export interface AttemptView {
  readonly id: string;
  readonly number: number;
  readonly state: AttemptState;
  readonly reason: Reason | null;
  readonly reason_detail: string | null;
  readonly exit_code: number | null;
  readonly pending: PendingReason;
  readonly steps: readonly (StepReport & { readonly name: string })[];
  /** Log streams by number: 0 is the runner's own, then one per step that started. */
  readonly streams: readonly {
    readonly stream: number;
    readonly name: string;
    readonly acked: number;
    readonly closed: boolean;
  }[];
  /** In the order of the pipeline; only what is whole. */
  readonly artifacts: readonly ArtifactView[];
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finalized_at: string | null;
  /** How a stop was confirmed; null when nobody asked for one. */
  readonly cancel_receipt: string | null;
}

export interface JobView {
  readonly id: string;
  readonly key: string;
  readonly required: boolean;
  readonly state: JobState;
  readonly reason: Reason | null;
  readonly reason_detail: string | null;
  readonly because: string;
  readonly pending: PendingReason;
  readonly attempts: readonly AttemptView[];
  readonly started_at: string | null;
  readonly finalized_at: string | null;
}

export interface RunView {
  readonly version: 1;
  readonly id: string;
  readonly number: number;
  readonly repository: string;
  readonly state: RunState;
  readonly reason: Reason | null;
  readonly reason_detail: string | null;
  readonly event: PipelineEvent;
  readonly head: string;
  readonly base: string | null;
  readonly plan_digest: string | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly jobs: readonly JobView[];
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finalized_at: string | null;
  readonly cancel_requested_at: string | null;
  readonly rerun_of: string | null;
}

export type RunSummaryView = Omit<RunView, "jobs" | "diagnostics" | "event"> & {
  readonly ref: string;
  readonly jobs_total: number;
  readonly jobs_by_state: Readonly<Partial<Record<JobState, number>>>;
};

export interface RunList {
  readonly version: 1;
  readonly runs: readonly RunSummaryView[];
  /** Pass as `before` for the next page; null at the end. */
  readonly next: string | null;
}

export interface PlanView {
  readonly version: 1;
  readonly digest: string;
  readonly plan: Plan;
}
