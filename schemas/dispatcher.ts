import type { AttemptId, RunId } from "./ids.ts";
import type { PlanJob } from "./plan.ts";
import type { TrustClass } from "./event.ts";

/**
 * Port: asks a backend to start one runner for one attempt. Implementations: `local-process`
 * (control-plane/dispatchers), `nomad` (nomad/), and a fake in test/. One contract suite,
 * test/contracts/dispatcher.ts, runs on all of them.
 *
 * Order: `start` once, then any number of `dispatch`, `stop` and `observe`, then `close`.
 * Nothing here decides an outcome: an attempt ends by its fenced report or by the control plane.
 */
export interface Dispatcher {
  readonly name: string;
  start(): Promise<void>;
  /**
   * Idempotent by attempt id: repeating it with the same request never starts a second runner while
   * the backend still remembers the first. `unknown` means it may or may not have happened: repeat.
   * Never throws for what a backend does; throws for our own bugs alone.
   */
  dispatch(request: DispatchRequest): Promise<DispatchResult>;
  /** Idempotent; also right for an attempt that was never dispatched. `gone` only when seen to be gone. */
  stop(request: StopRequest): Promise<StopResult>;
  /**
   * What the backend shows now of the attempts named. Hints, never truth. An attempt whose answer makes no
   * sense is left out; a backend that cannot be read is an error.
   */
  observe(attempts: readonly AttemptId[]): Promise<readonly Observation[]>;
  /** One page of the runners that live or wait to be placed; `null` begins. Costs what the page holds. */
  list(cursor: string | null): Promise<RunnerPage>;
  /**
   * The last that a runner which never claimed its attempt, or its machine, had to say; for people.
   * null when nothing is known. Never throws for what a backend does.
   */
  lastWords(attempt: AttemptId): Promise<string | null>;
  /** Ends connections, and for `local-process` the runners it started. Safe when repeated. */
  close(): Promise<void>;
}

/** What placing an attempt takes; what its steps do is between the runner and the control plane. */
export type DispatchJob = Pick<
  PlanJob,
  | "key"
  | "image"
  | "services"
  | "network"
  | "runner"
  | "resources"
  | "timeout_ms"
  | "queue_timeout_ms"
  | "priority"
  | "cancel"
>;

export interface DispatchRequest {
  readonly attemptId: AttemptId;
  readonly runId: RunId;
  readonly attemptNumber: number;
  readonly job: DispatchJob;
  readonly trust: TrustClass;
  /** The one-time proof for the claim. Given to the runner over a channel that job processes cannot read. */
  readonly claimToken: string;
  /** Where the runner reaches the control plane: `http://host:port` or `unix:/path`. */
  readonly controlPlaneUrl: string;
}

export type DispatchResult =
  | { readonly status: "accepted"; readonly backendRef: string }
  /** Permanent: repeating the same request cannot help. */
  | { readonly status: "refused"; readonly detail: string }
  /** Backpressure or an unknown outcome: repeat the same request after the delay. */
  | { readonly status: "unknown"; readonly detail: string; readonly retryAfterMs: number };

export interface StopRequest {
  readonly attemptId: AttemptId;
  readonly graceMs: number;
}

export type StopResult =
  | { readonly status: "gone" }
  | { readonly status: "stopping" }
  | { readonly status: "unknown"; readonly detail: string; readonly retryAfterMs: number };

/** What a backend says of itself: something moved with these attempts, or with any. It may be late or missing. */
export type Hint = readonly AttemptId[] | "any";

/** Pages follow each other by rising attempt id. */
export interface RunnerPage {
  readonly attempts: readonly AttemptId[];
  /** Those of them that may look different than when `observe` last saw them. */
  readonly changed: readonly AttemptId[];
  /** The page speaks for every attempt after the page before up to this one; null on the last page, for all the rest. */
  readonly upTo: AttemptId | null;
  /** Names the next page; null on the last. */
  readonly next: string | null;
}

/** absent: the backend knows nothing of it. pending carries the reason that users read. */
export type ObservedState = "pending" | "running" | "exited" | "absent";

export interface Observation {
  readonly attemptId: AttemptId;
  readonly state: ObservedState;
  /** Why it is pending or how it exited, in words. */
  readonly detail: string | null;
  readonly exitCode: number | null;
  readonly outOfMemory: boolean;
  /**
   * For a machine that runs: it may still be booting, or has had its time to. For one that exited: its image
   * could not be fetched. Else absent. Once the attempt is claimed none of them means anything.
   */
  readonly start?: "booting" | "overdue" | "no_image";
}
