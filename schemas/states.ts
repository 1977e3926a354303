/**
 * The states of a run, a job, an attempt and a lease, and which may follow which.
 * Nothing leaves a terminal state; a retry is a new attempt. Reporting to the forge is kept
 * apart (see checks) and never overwrites an outcome. docs/states.md draws these tables.
 */
export type TransitionTable<State extends string> = Readonly<Record<State, readonly State[]>>;

/** planning ends in plan_failed when the pipeline has errors; queued when the plan is stored. */
export const RUN_TRANSITIONS = {
  created: ["planning", "cancel_requested", "canceled"],
  planning: ["plan_failed", "queued", "cancel_requested", "canceled"],
  queued: ["running", "succeeded", "failed", "cancel_requested", "canceled", "timed_out"],
  running: ["succeeded", "failed", "cancel_requested", "canceled", "timed_out"],
  cancel_requested: ["canceled"],
  plan_failed: [],
  succeeded: [],
  failed: [],
  canceled: [],
  timed_out: [],
} as const satisfies TransitionTable<string>;
export type RunState = keyof typeof RUN_TRANSITIONS;

/** waiting: needs not settled. active: at least one attempt exists. A skipped job was decided so by the plan. */
export const JOB_TRANSITIONS = {
  waiting: ["active", "blocked", "skipped", "canceled", "timed_out"],
  active: ["succeeded", "failed", "canceled", "timed_out"],
  succeeded: [],
  failed: [],
  canceled: [],
  timed_out: [],
  skipped: [],
  blocked: [],
} as const satisfies TransitionTable<string>;
export type JobState = keyof typeof JOB_TRANSITIONS;

/**
 * created: the row exists. queued: it may be dispatched. dispatched: a backend was asked.
 * leased: a runner claimed it. starting: sources are fetched. running: steps run.
 * uploading: steps are done, logs and artifacts are being finished.
 */
export const ATTEMPT_TRANSITIONS = {
  created: ["queued", "cancel_requested", "canceled"],
  queued: ["dispatched", "cancel_requested", "canceled", "failed", "timed_out"],
  dispatched: ["leased", "cancel_requested", "canceled", "failed", "timed_out", "lost"],
  leased: ["starting", "running", "cancel_requested", "canceled", "failed", "timed_out", "lost"],
  starting: [
    "running",
    "uploading",
    "cancel_requested",
    "succeeded",
    "failed",
    "canceled",
    "timed_out",
    "lost",
  ],
  running: ["uploading", "cancel_requested", "succeeded", "failed", "canceled", "timed_out", "lost"],
  uploading: ["cancel_requested", "succeeded", "failed", "canceled", "timed_out", "lost"],
  cancel_requested: ["canceled", "timed_out", "lost"],
  succeeded: [],
  failed: [],
  canceled: [],
  timed_out: [],
  lost: [],
} as const satisfies TransitionTable<string>;
export type AttemptState = keyof typeof ATTEMPT_TRANSITIONS;

/** granted: claimed, not yet acknowledged by the runner. active: acknowledged. */
export const LEASE_TRANSITIONS = {
  granted: ["active", "expired", "revoked", "canceled"],
  active: ["completed", "expired", "revoked", "canceled"],
  completed: [],
  expired: [],
  revoked: [],
  canceled: [],
} as const satisfies TransitionTable<string>;
export type LeaseState = keyof typeof LEASE_TRANSITIONS;

export type TerminalRunState = "plan_failed" | "succeeded" | "failed" | "canceled" | "timed_out";
export type TerminalAttemptState = "succeeded" | "failed" | "canceled" | "timed_out" | "lost";

/** True when the table has an edge from one state to the other. */
export function mayFollow<State extends string>(
  table: TransitionTable<State>,
  from: State,
  to: State,
): boolean {
  return table[from].includes(to);
}

/** True when no edge leads out of the state. */
export function isTerminal<State extends string>(table: TransitionTable<State>, state: State): boolean {
  return table[state].length === 0;
}
