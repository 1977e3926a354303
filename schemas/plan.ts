import type { BaseRule, BaseRung, ChangedPath, Uncertainty } from "./changes.ts";
import type { AffectedComponent, EdgeKind } from "./components.ts";
import type { Place } from "./diagnostic.ts";
import type { PipelineEvent } from "./event.ts";
import type {
  PlanApproval,
  PlanArtifact,
  PlanCache,
  PlanIdToken,
  PlanLateValue,
  PlanSecret,
  PlanService,
} from "./plan-job-parts.ts";

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
  /** Every configuration file read, sorted by repository and path. A rerun reads these same bytes. */
  readonly sources: readonly PlanSource[];
  readonly event: PipelineEvent;
  readonly changes: PlanChanges;
  readonly components: { readonly total: number; readonly affected: readonly AffectedComponent[] };
  readonly uncertain: readonly Uncertainty[];
  readonly limits: PlanLimits;
  /** Runs of the same group wait for each other, or take each other's place; null: no group. */
  readonly concurrency: PlanConcurrency | null;
  /** The operators' policy that the plan keeps to; null: none. What the repository asks of itself is in `sources`. */
  readonly policy: { readonly digest: string } | null;
  /** The jobs that run, in an order in which every job comes after what it needs. */
  readonly jobs: readonly PlanJob[];
  /** One per job the pipeline defines (after matrix), in the pipeline's order. */
  readonly decisions: readonly Decision[];
}

/**
 * `from` is null for a file of the commit itself, else the repository and ref it was pinned at, or the template
 * of the compiler's own catalogue. `blob` is git's id of its bytes; a digest is that of the bytes alone.
 */
export interface PlanSource {
  readonly path: string;
  readonly blob: string;
  readonly from:
    | { readonly repo: string; readonly ref: string; readonly sha256: string }
    | { readonly template: string; readonly sha256: string }
    | null;
}

/** What a run may use up, and what ends it early. */
export interface PlanLimits {
  readonly max_runtime_ms: number | null;
  readonly max_concurrency: number | null;
  /** Running time of all attempts together; null: no bound. */
  readonly budget_ms: number | null;
  /** A newer run of the same ref and pipeline ends this one's interruptible jobs. */
  readonly cancel_superseded: boolean;
  /** continue: other jobs go on after a required job failed. cancel: they are canceled. */
  readonly on_failure: "continue" | "cancel";
}

/**
 * At most `limit` members of the group at once. queue: the newcomer waits. cancel_older: older members
 * are canceled. latest: of those that wait only the newest stays.
 */
export interface PlanConcurrency {
  readonly group: string;
  readonly limit: number;
  readonly on_conflict: "queue" | "cancel_older" | "latest";
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
  /** Names of the needed job's artifacts to have in the workspace before the first step. */
  readonly artifacts: readonly string[];
  readonly place: Place;
}

export type RetryCause = "infra" | "runner_lost" | "image_pull" | "oom" | "timeout" | `exit:${number}`;

export interface PlanJob {
  /** Unique in the plan: the job id, with matrix values in brackets, e.g. `test[node=24,os=linux]`. */
  readonly key: string;
  readonly job: string;
  readonly name: string;
  readonly matrix: Readonly<Record<string, JsonScalar>> | null;
  readonly component: { readonly id: string; readonly root: string; readonly kind: string } | null;
  /** manual: it waits until a person starts it. */
  readonly start: "auto" | "manual";
  readonly image: string | null;
  /** Relative to the checkout. */
  readonly workdir: string;
  readonly shell: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Variables that are complete only when needed jobs have ended; never in `env` too. */
  readonly late: readonly PlanLateValue[];
  /** Commits of history to fetch, null for all of it. Null instead of the object: no checkout. */
  readonly checkout: { readonly depth: number | null } | null;
  readonly steps: readonly PlanStep[];
  readonly needs: readonly PlanNeed[];
  readonly services: readonly PlanService[];
  readonly caches: readonly PlanCache[];
  readonly artifacts: readonly PlanArtifact[];
  /** Names of the values that its steps hand to the jobs that need it. */
  readonly outputs: readonly string[];
  readonly secrets: readonly PlanSecret[];
  readonly id_tokens: readonly PlanIdToken[];
  /** `none`, or a class of egress that the operators named; null: what they grant by default. */
  readonly network: { readonly egress: string } | null;
  readonly runner: {
    readonly pool: string;
    readonly os: string;
    readonly arch: string | null;
    readonly isolation: "container" | "vm" | "process" | null;
    /** What the runner's machine must offer beyond its pool, sorted. */
    readonly labels: readonly string[];
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
  /** The job is ended when it writes nothing for this long; null: never for that. */
  readonly no_output_timeout_ms: number | null;
  /** May be canceled once started when a newer run takes its place. */
  readonly interruptible: boolean;
  readonly priority: number;
  readonly concurrency: PlanConcurrency | null;
  readonly approval: PlanApproval | null;
  /** Where it deploys to, for people and for approvals. */
  readonly environment: { readonly name: string; readonly url: string | null } | null;
  /** Of a matrix: how many cells may run at once, and whether one failure cancels the others; null: no such bound. */
  readonly cells: { readonly max: number | null; readonly fail_fast: boolean } | null;
  readonly cancel: { readonly signal: "SIGTERM" | "SIGINT"; readonly grace_ms: number };
  readonly place: Place;
}

export type DecisionOutcome = "selected" | "skipped" | "blocked";

/**
 * Which clause decided. always: the job has no condition. rule: an entry of `rules`. on: the event does not
 * start the pipeline. needs: a dependent pulled it in, or a need blocks it. request: a person named jobs, or
 * asked for all of them. doubt: what changed is not known well enough to leave it out. trust: it asks for
 * what runs from forks never get.
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
  | "trust"
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
  /** Keys of the job that the rule which decided sets, `env.NAME` for a variable, where their values are written. */
  readonly set: readonly { readonly key: string; readonly place: Place }[];
}

/** At most this many matched paths are kept in one decision; the sentence gives the full count. */
export const DECISION_MATCHES_MAX = 20;
