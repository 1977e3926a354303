/**
 * The change set: which paths differ between two commits, and how the base was chosen.
 * Paths are relative to the root with `/`. A byte that is not UTF-8 is held as the lone surrogate
 * U+DC00 + byte, so that a path is one string, compares bytewise and is never lost; `displayPath`
 * (compiler/paths.ts) turns it into `\xff` for people, plans and JSON.
 */
export type ChangeStatus = "A" | "M" | "D" | "R" | "C" | "T";

export interface ChangedPath {
  /** A added, M content or mode, D deleted, R renamed, C copied, T type changed. */
  readonly status: ChangeStatus;
  readonly path: string;
  /** The other side of R and C. Both sides of a rename count as changed. */
  readonly old_path?: string;
}

/** The rungs of the ladder, first that holds wins. */
export type BaseRule = "explicit" | "last_green" | "merge_base" | "before" | "first_parent" | "everything";

export interface BaseRung {
  readonly rule: BaseRule;
  readonly taken: boolean;
  /** Why it was taken or passed over, in a few words. */
  readonly why: string;
  /** Full id of the commit that the repository does not have, where that is why it was passed over. */
  readonly missing?: string;
}

export type UncertaintyCode =
  | "base_missing"
  | "history_shallow"
  | "graph_unknown"
  | "path_unowned"
  | "manifest_unreadable"
  | "lockfile_unreadable"
  | "lockfile_removed"
  | "global_input_changed"
  | "changes_truncated"
  | "submodule_changed"
  | "pipeline_changed";

/** A doubt that widened the plan, and what it added. */
export interface Uncertainty {
  readonly code: UncertaintyCode;
  /** What raised it, in words, with the path or ref named. */
  readonly detail: string;
  readonly paths: readonly string[];
  /** Roots of the components it added; `["*"]` when all of them. */
  readonly added: readonly string[];
}

export interface ChangeSet {
  readonly base: string | null;
  readonly head: string;
  readonly merge_base: string | null;
  readonly rule: BaseRule;
  readonly ladder: readonly BaseRung[];
  /** null when the base is unknown: everything counts as changed. */
  readonly changed: readonly ChangedPath[] | null;
  readonly uncertain: readonly Uncertainty[];
}
