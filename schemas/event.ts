/**
 * An event: the normalised meaning of a delivery, or of a person's or a clock's request.
 * Part of the plan, hence of its digest: it holds nothing that differs between a laptop and the
 * server for the same commit, base and event (no delivery id, no time).
 */
export type EventKind = "push" | "pull_request" | "manual" | "schedule" | "api";

/** Decided from the forge's numeric ids at ingress, never from names; immutable afterwards. */
export type TrustClass = "trusted" | "fork";

export interface PullRequestFacts {
  readonly number: number;
  /** opened, synchronize, reopened, ... as the forge names it. */
  readonly action: string;
  readonly target_ref: string;
  readonly target_sha: string;
  readonly source_ref: string;
  readonly from_fork: boolean;
  readonly draft: boolean;
}

export interface PipelineEvent {
  readonly kind: EventKind;
  /** Full ref name, `refs/heads/main` or `refs/tags/v1`; a detached commit has its SHA here. */
  readonly ref: string;
  readonly default_branch: string | null;
  readonly head: string;
  /** What the forge says the ref pointed at before; null for all-zero, first push and non-push events. */
  readonly before: string | null;
  /** True when the forge or the user says history was rewritten. */
  readonly forced: boolean;
  readonly deleted: boolean;
  readonly pull_request: PullRequestFacts | null;
  readonly trust: TrustClass;
  readonly inputs: Readonly<Record<string, string | number | boolean>>;
}

/** A push as a trusted person makes it: nothing said about what was there before. `facts` say what differs. */
export function pushEvent(
  facts: Pick<PipelineEvent, "ref" | "head" | "default_branch"> & Partial<PipelineEvent>,
): PipelineEvent {
  return {
    kind: "push",
    before: null,
    forced: false,
    deleted: false,
    pull_request: null,
    trust: "trusted",
    inputs: {},
    ...facts,
  };
}
