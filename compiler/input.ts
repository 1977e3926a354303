import type { ChangeSet } from "../schemas/changes.ts";
import type { Diagnostic } from "../schemas/diagnostic.ts";
import type { PipelineEvent } from "../schemas/event.ts";
import type { PlanDigest } from "../schemas/ids.ts";
import type { Plan } from "../schemas/plan.ts";
import type { PinnedFiles } from "./pinned.ts";
import type { OperatorPolicy } from "./policy/model.ts";

/** Where a repository keeps what configures its pipeline. */
export const CONFIGURATION_FOLDER = ".delta/";
/** Where a repository's pipeline starts. */
export const PIPELINE_FILE = ".delta/pipeline.yaml";

/** One entry of a commit's tree. 120000 is a symbolic link, 160000 a submodule. */
export interface TreeEntry {
  readonly path: string;
  readonly blob: string;
  readonly mode: "100644" | "100755" | "120000" | "160000";
}

/**
 * The files of one commit as plain data. Whoever reads git loads the contents the compiler asks for
 * (configuration, manifests, lockfiles: `isWantedContent` in compiler/index.ts) before compiling.
 */
export interface TreeSnapshot {
  readonly commit: string;
  readonly entries: ReadonlyMap<string, TreeEntry>;
  /** Bytes by path, for the wanted paths alone. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

export interface CompileInput {
  readonly head: TreeSnapshot;
  /** null when the base is unknown or nothing needs it. */
  readonly base: TreeSnapshot | null;
  readonly changes: ChangeSet;
  readonly event: PipelineEvent;
  /** Files of other repositories that the pipeline, or that of the base, asks for (`wantedPinned`); absent: none. */
  readonly pinned?: PinnedFiles;
  /** Version of this program; part of the plan. */
  readonly compilerVersion: string;
  /** What a person asked for beyond the event: named jobs only, or every job whatever changed. */
  readonly request: { readonly jobs: readonly string[]; readonly all: boolean };
  /** Absent: PLAN_JOBS_MAX jobs. A plan within two limits is the same under both. */
  readonly limits?: PlanLimits;
  /** What the operators allow; part of the plan by its digest. Absent: they say nothing. */
  readonly policy?: OperatorPolicy | null;
}

/** How large a plan may grow, as the operators or the person at the command line allow. */
export interface PlanLimits {
  /** Job instances after matrix and components, 1 to PLAN_JOBS_CEILING. Edges between them follow from it. */
  readonly jobs: number;
}

export interface CompileResult {
  /** null when there is an error among the diagnostics. */
  readonly plan: Plan | null;
  readonly digest: PlanDigest | null;
  /** RFC 8785 JSON of the plan; the digest is its SHA-256. */
  readonly canonical: string | null;
  /** Sorted by place, without repeats. */
  readonly diagnostics: readonly Diagnostic[];
}
