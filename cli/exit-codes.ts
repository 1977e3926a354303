/** What the exit code of `delta` means; part of the contract with scripts, never renumbered. */
export const EXIT = {
  fine: 0,
  /** The answer is bad news: findings, a failed run, a refused request. */
  findings: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Something it needs could not be reached or read. */
  unavailable: 3,
  /** Our own bug. */
  internal: 4,
  /** Ended by Ctrl-C, as shells count it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
