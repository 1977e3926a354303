import type { OperatorPolicy, PinnedFiles, PinnedRequest, PlanLimits } from "../../compiler/index.ts";
import type { PlacedDiagnostic } from "../../schemas/diagnostic.ts";
import type { PipelineEvent } from "../../schemas/event.ts";
import type { PlanDigest } from "../../schemas/ids.ts";
import type { BackendAbilities } from "./not-carried-out.ts";

/** One commit to plan, of a repository on this machine. */
export interface PlanningRequest {
  /** Bare mirror that holds the commit. */
  readonly repositoryPath: string;
  readonly event: PipelineEvent;
  readonly head: string;
  /** A base that somebody named; null lets the ladder find one. */
  readonly base: string | null;
  /** Commit of the last green run of the target, for a pipeline that asks for it; null when there is none. */
  readonly lastGreen: string | null;
  readonly jobs: readonly string[];
  readonly all: boolean;
  readonly compilerVersion: string;
  /** Files of other repositories that were brought so far; absent: none. */
  readonly pinned?: PinnedFiles;
}

export interface PlanningResult {
  /** Both null when there is an error among the diagnostics: of the pipeline, or of what the server cannot do. */
  readonly digest: PlanDigest | null;
  readonly canonical: string | null;
  readonly diagnostics: readonly PlacedDiagnostic[];
  /** Files to bring before this commit can be planned: nothing else was looked at then. Empty: this is the plan. */
  readonly wanted: readonly PinnedRequest[];
}

/** What holds for every plan of one control plane. */
export interface PlanningRules {
  /** How large a plan may be; absent: what holds where nobody says otherwise. */
  readonly limits?: PlanLimits;
  /** What the operators allow; absent: they say nothing. */
  readonly policy?: OperatorPolicy | null;
  /** What the backend can see to; absent: nothing beyond running steps. */
  readonly backend?: BackendAbilities;
}

/** What the two processes say to each other. */
export interface PlanningOrder {
  readonly id: number;
  readonly request: PlanningRequest;
  readonly rules: PlanningRules;
}
export type PlanningAnswer =
  | { readonly id: number; readonly ok: true; readonly result: PlanningResult }
  | {
      readonly id: number;
      readonly ok: false;
      readonly message: string;
      /** The commit is damaged or too large: the same commit would give the same answer. */
      readonly unreadable: boolean;
    };
