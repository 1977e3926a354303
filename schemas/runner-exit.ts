/**
 * Exit statuses of a runner process. They are hints for whoever started it: how an attempt ended is
 * known from its fenced report alone.
 */
export const RUNNER_EXIT = {
  /** The control plane answered the report, whatever the job's outcome was. */
  reported: 0,
  /** A bug, or the machine failed under the runner. */
  internal: 1,
  /** The configuration could not be read; nothing was claimed. */
  bad_configuration: 64,
  /** The control plane refused the claim: another runner has it, or the attempt has ended. */
  claim_refused: 65,
  /** The control plane did not answer the claim in time. */
  control_plane_away: 66,
  /** The lease was lost: job stopped, nothing reported. */
  lease_lost: 67,
  /** Told to stop before there was anything to report. */
  stopped: 68,
} as const;

export type RunnerExitName = keyof typeof RUNNER_EXIT;
