import { EXIT, type ExitCode } from "./exit-codes.ts";

/** Every way a command can end without its answer; shown as `error.code` by `--json`. Append only. */
export const FAILURES = {
  unknown_command: EXIT.usage,
  usage: EXIT.usage,
  job_unknown: EXIT.usage,
  file_exists: EXIT.usage,
  not_a_git_repository: EXIT.unavailable,
  git_failed: EXIT.unavailable,
  revision_unknown: EXIT.unavailable,
  pipeline_missing: EXIT.unavailable,
  file_unreadable: EXIT.unavailable,
  policy_invalid: EXIT.unavailable,
  state_unwritable: EXIT.unavailable,
  port_in_use: EXIT.unavailable,
  database_unavailable: EXIT.unavailable,
  control_plane_failed: EXIT.unavailable,
  nomad_failed: EXIT.unavailable,
  server_missing: EXIT.unavailable,
  server_unreachable: EXIT.unavailable,
  unauthorized: EXIT.unavailable,
  not_found: EXIT.unavailable,
  refused: EXIT.findings,
  artifact_unknown: EXIT.usage,
  download_damaged: EXIT.unavailable,
  file_unwritable: EXIT.unavailable,
  interrupted: EXIT.interrupted,
  internal: EXIT.internal,
} as const satisfies Record<string, ExitCode>;

export type FailureCode = keyof typeof FAILURES;

/** A command could not give its answer. The message names the thing; the hint says what to do about it. */
export class CliFailure extends Error {
  readonly code: FailureCode;
  readonly hint: string | null;

  constructor(code: FailureCode, message: string, hint: string | null = null, cause?: unknown) {
    super(message, { cause });
    this.name = "CliFailure";
    this.code = code;
    this.hint = hint;
  }

  get exit(): ExitCode {
    return FAILURES[this.code];
  }
}
