import type { PipelineEvent } from "../../schemas/event.ts";
import type { PinnedFiles } from "../../compiler/index.ts";
import type { CompileInput, TreeSnapshot } from "../../compiler/input.ts";

/** A repository on this machine: a work tree or a bare mirror. */
export interface GitRepository {
  /** Absolute path: the top of the work tree, or the bare repository. */
  readonly path: string;
  readonly bare: boolean;
  /** True when its history is cut off somewhere. */
  readonly shallow: boolean;
  /** Folders that the user's own configuration calls safe; needed when another user owns the repository. */
  readonly trusted: readonly string[];
  /** Folder of HEAD and of refs as files; null where only git can tell what a ref stands for. */
  readonly gitFolder: string | null;
}

/** Which rung of the ladder the pipeline asks for. */
export interface BaseRequest {
  /** auto climbs the whole ladder; merge_base insists on one; last_green uses `lastGreen`; anything else is a ref. */
  readonly prefer: string;
  /** Commit of the last green run of the target; null when there was none. */
  readonly lastGreen?: string | null;
}

export interface ReadRequest {
  /** Any revision; HEAD when absent. With an event, the event's head when absent. */
  readonly head?: string;
  /** Any revision: the explicit rung. */
  readonly base?: string | null;
  /** Full ids of commits that are taken not to be here, as they were not where the plan was first made. */
  readonly missing?: readonly string[];
  /** Asked once the head's contents are here, unless a base was named. */
  readonly baseRequest?: (head: TreeSnapshot, pinned: PinnedFiles) => BaseRequest;
  /**
   * Brings the files of other repositories that the configuration of a commit asks for, beside those that are known.
   * Asked for the head before `baseRequest`, then for the base. Absent: there are none.
   */
  readonly pinned?: (tree: TreeSnapshot, known: PinnedFiles) => Promise<PinnedFiles>;
  /** Absent: an event like a push of `head` is made from what the repository says of itself. */
  readonly event?: PipelineEvent;
  /** Whether to load the content of what stands at a path. Manifests and `.delta/` when absent. */
  readonly wanted?: (path: string) => boolean;
  readonly signal?: AbortSignal;
}

export type CompileSources = Omit<CompileInput, "compilerVersion" | "request" | "limits">;
export type AffectedSources = Omit<CompileSources, "event">;
