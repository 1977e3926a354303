import type { Place, Span } from "../../schemas/diagnostic.ts";
import type { PlanLimits } from "../../schemas/plan.ts";

/** Who set a bound, and where. */
export type PolicySource =
  | { readonly by: "repository"; readonly span: Span }
  | { readonly by: "operators"; readonly place: Place };

/** One value of a policy with its source. Durations are whole milliseconds, sizes whole bytes. */
export interface Bound<Value> {
  readonly value: Value;
  readonly from: PolicySource;
}

/** What `policies` says in one document. Null: it says nothing about that. Plain data, to cross processes. */
export interface PolicyDocument {
  readonly runs: RunBounds;
  readonly jobs: JobCeilings;
}

export interface RunBounds {
  readonly maxRuntimeMs: Bound<number> | null;
  readonly maxConcurrency: Bound<number> | null;
  readonly budgetMs: Bound<number> | null;
  readonly cancelSuperseded: Bound<boolean> | null;
  readonly onFailure: Bound<PlanLimits["on_failure"]> | null;
}

export interface JobCeilings {
  readonly timeoutMs: Bound<number> | null;
  readonly queueTimeoutMs: Bound<number> | null;
  readonly cpuMillis: Bound<number> | null;
  readonly memoryBytes: Bound<number> | null;
  readonly diskBytes: Bound<number> | null;
  readonly pids: Bound<number> | null;
  readonly retries: Bound<number> | null;
  readonly pools: Bound<readonly string[]> | null;
  readonly isolation: Bound<readonly string[]> | null;
  readonly egress: Bound<readonly string[]> | null;
  /** Globs on whole image references. */
  readonly images: Bound<readonly string[]> | null;
  readonly imagesPinned: Bound<boolean> | null;
}

/** The operators' policy: what every pipeline of theirs keeps to. */
export interface OperatorPolicy {
  /** `sha256:` over what the policy says, whatever its comments, order and file name. */
  readonly digest: string;
  readonly document: PolicyDocument;
}
