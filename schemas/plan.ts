import type { BaseRule, BaseRung, ChangedPath, Uncertainty } from "./changes.ts";
import type { AffectedComponent, EdgeKind } from "./components.ts";
import type { Place } from "./diagnostic.ts";
import type { PipelineEvent } from "./event.ts";

/**
 * The plan: immutable compiled job graph with every decision. Its digest is `sha256:` of its
 * RFC 8785 JSON; the digest is not part of it. Durations are whole milliseconds. No field is ever
 * undefined: absent things are null or empty, so that canonical JSON says all there is.
 */
export interface Plan {
  readonly version: 1;
  /** Version of the compiler; another version may lawfully give another plan. */
  readonly compiler: string;
  readonly pipeline: { readonly name: string; readonly file: string };
  /** Every configuration file read, with its git blob id, sorted by path. */
  readonly sources: readonly { readonly path: string; readonly blob: string }[];
  readonly event: PipelineEvent;
  readonly changes: PlanChanges;
  readonly components: { readonly total: number; readonly affected: readonly AffectedComponent[] };
  readonly uncertain: readonly Uncertainty[];
  readonly limits: { readonly max_runtime_ms: number | null; readonly max_concurrency: number | null };
  /** The jobs that run, in an order in which every job comes after what it needs. */
  readonly jobs: readonly PlanJob[];
  /** One per job the pipeline defines (after matrix), in the pipeline's order. */
  readonly decisions: readonly Decision[];
}

export interface PlanChanges {
  readonly base: string | null;
  readonly head: string;
  readonly merge_base: string | null;
  readonly rule: BaseRule;
  readonly ladder: readonly BaseRung[];
  readonly total: number;
  /** The first PLAN_PATHS_MAX in path order; `total` says how many there are. */
  readonly paths: readonly ChangedPath[];
}

export const PLAN_PATHS_MAX = 500;

export type JsonScalar = string | number | boolean;

export interface PlanStep {
  readonly name: string;
  readonly run: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeout_ms: number | null;
  readonly continue_on_error: boolean;
  /** Runs also when an earlier step failed. */
  readonly always: boolean;
  readonly place: Place;
}

/** success: it succeeded. done: it ended, however. skipped_ok: it succeeded or the plan skipped it. */
export type NeedCondition = "success" | "done" | "skipped_ok";

export interface PlanNeed {
  /** Key of the needed plan job. */
  readonly job: string;
  readonly when: NeedCondition;
  readonly place: Place;
}

export type RetryCause = "infra" | "runner_lost" | "image_pull" | "oom" | "timeout" | `exit:${number}`;

export interface PlanJob {
  /** Unique in the plan: the job id, with matrix values in brackets, e.g. `test[node=24,os=linux]`. */
  readonly key: string;
  readonly job: string;
  readonly name: string;
  readonly matrix: Readonly<Record<string, JsonScalar>> | null;
  readonly component: { readonly id: string; readonly root: string } | null;
  readonly image: string | null;
  /** Relative to the checkout. */
  readonly workdir: string;
  readonly shell: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly steps: readonly PlanStep[];
  readonly needs: readonly PlanNeed[];
  readonly runner: {
    readonly pool: string;
    readonly os: string;
    readonly arch: string | null;
    readonly isolation: "container" | "vm" | "process" | null;
  };
  readonly resources: {
    readonly cpu_millis: number | null;
    readonly memory_bytes: number | null;
    readonly disk_bytes: number | null;
    readonly pids: number | null;
  };
  readonly required: boolean;
  readonly allow_failure: boolean | readonly number[];
  readonly retry: { readonly max: number; readonly on: readonly RetryCause[]; readonly delay_ms: number };
  readonly timeout_ms: number;
  readonly queue_timeout_ms: number;
  readonly priority: number;
  readonly cancel: { readonly signal: "SIGTERM" | "SIGINT"; readonly grace_ms: number };
  readonly place: Place;
}

export type DecisionOutcome = "selected" | "skipped" | "blocked";

/**
 * Which clause decided. always: the job has no condition. rule: an entry of `rules`. on: the event does not
 * start the pipeline. needs: a dependent pulled it in, or a need blocks it. request: a person named jobs, or
 * asked for all of them. doubt: what changed is not known well enough to leave it out.
 */
export type DecisionClause =
  | "always"
  | "if"
  | "changes"
  | "components"
  | "rule"
  | "on"
  | "needs"
  | "doubt"
  | "request";

export interface MatchedPath {
  readonly path: string;
  readonly glob: string;
  readonly place: Place;
}

/** One hop through the component graph: `from` is affected because it depends on `to`. */
export interface DependencyHop {
  readonly from: string;
  readonly to: string;
  readonly edge: EdgeKind;
  readonly place: Place | null;
}

export interface ValueRead {
  readonly name: string;
  readonly value: JsonScalar | null;
}

/** Why one job is in or out. The CLI, the check and the page all render this same record. */
export interface Decision {
  readonly key: string;
  readonly job: string;
  readonly required: boolean;
  readonly outcome: DecisionOutcome;
  readonly clause: DecisionClause;
  /** One sentence that is true and names the thing that decided. */
  readonly because: string;
  readonly place: Place;
  readonly matched: readonly MatchedPath[];
  /** From the job's component to the changed one; empty when the path itself matched. */
  readonly chain: readonly DependencyHop[];
  readonly expression: string | null;
  readonly values: readonly ValueRead[];
  readonly uncertain: readonly Uncertainty["code"][];
}

/** At most this many matched paths are kept in one decision; the sentence gives the full count. */
export const DECISION_MATCHES_MAX = 20;
