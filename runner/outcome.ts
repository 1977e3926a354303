import type { CompleteRequest, StepReport } from "../schemas/runner-protocol.ts";
import type { CommandResult } from "./processes/command.ts";

/** Why the job did not succeed: the first thing that failed it. */
export interface Failure {
  readonly reason: Exclude<CompleteRequest["reason"], "ok">;
  readonly exitCode: number | null;
  readonly summary: string;
}

/** What a shell answers for a command that the kernel killed: 128 and SIGKILL's number. */
const EXIT_CODE_KILLED = 137;

/** The failure of one step that was not stopped from outside; null when it succeeded. */
export function failureOf(name: string, result: CommandResult, outOfMemory: boolean): Failure | null {
  const { exitCode, signal, spawnError, endedBy } = result;
  const failed = (reason: Failure["reason"], words: string): Failure => ({
    reason,
    exitCode,
    summary: `step "${name}" ${words}`,
  });
  if (spawnError?.code === "ENOENT" || spawnError?.code === "EACCES" || spawnError?.code === "ENOTDIR")
    return failed("command_not_found", `could not start: its shell was not found (${spawnError.code})`);
  if (spawnError?.code === "E2BIG")
    return failed(
      "step_failed",
      "could not start: its script and environment are larger than the kernel takes",
    );
  if (spawnError) return failed("runner_error", `could not start: ${spawnError.message}`);
  // How it answered the stop signal says nothing about what it would have ended with.
  if (endedBy === "timeout") return { ...failed("step_timeout", "ran past its timeout"), exitCode: null };
  if (outOfMemory && (signal === "SIGKILL" || exitCode === EXIT_CODE_KILLED))
    return failed("oom", "ran out of memory");
  if (signal !== null) return failed("signaled", `was ended by ${signal}`);
  return exitCode === 0 ? null : failed("step_failed", `ended with exit code ${exitCode}`);
}

/** The report of a step that has ended. */
export function stepReport(
  index: number,
  result: CommandResult,
  failure: Failure | null,
  durationMs: number,
): StepReport {
  const state =
    result.endedBy === "stop"
      ? "canceled"
      : failure === null
        ? "succeeded"
        : failure.reason === "step_timeout"
          ? "timed_out"
          : "failed";
  return {
    index,
    state,
    exit_code: result.exitCode,
    signal: result.signal,
    duration_ms: Math.max(0, Math.round(durationMs)),
  };
}

const TIMEOUTS: ReadonlySet<Failure["reason"]> = new Set([
  "step_timeout",
  "attempt_timeout",
  "no_output_timeout",
]);

/** What the runner reports for the whole attempt. */
export function completeMessage(
  failure: Failure | null,
  steps: readonly StepReport[],
  outputs: Readonly<Record<string, string>>,
): Omit<CompleteRequest, "epoch" | "seq"> {
  const handedOn = Object.keys(outputs).length === 0 ? {} : { outputs };
  if (failure === null)
    return {
      ...handedOn,
      outcome: "succeeded",
      reason: "ok",
      exit_code: 0,
      summary: "every step succeeded",
      steps: [...steps],
    };
  const timedOut = TIMEOUTS.has(failure.reason);
  return {
    ...handedOn,
    outcome: timedOut ? "timed_out" : "failed",
    reason: failure.reason,
    exit_code: failure.exitCode,
    summary: failure.summary,
    steps: [...steps],
  };
}
