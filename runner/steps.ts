import { stat } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { TIMEOUT_MS_MAX } from "../schemas/limits.ts";
import type { StepReport, StepSpec } from "../schemas/runner-protocol.ts";
import type { AttemptPlace } from "./attempt-place.ts";
import type { LogStream } from "./logs/log-stream.ts";
import type { OwnLog } from "./logs/own-log.ts";
import { monotonicMs } from "./monotonic.ts";
import { countOutOfMemoryKills } from "./out-of-memory.ts";
import { failureOf, stepReport, type Failure } from "./outcome.ts";
import { runCommand, type CommandResult } from "./processes/command.ts";
import { readOutputs } from "./outputs.ts";
import { SilenceWatch } from "./silence.ts";
import { stepEnvironment } from "./step-environment.ts";
import type { Workspace } from "./workspace.ts";

export interface StepsRequest extends AttemptPlace {
  readonly inherited: Readonly<Record<string, string>>;
  readonly openStream: (stream: number) => LogStream;
  /** Told at every change of a step, for the heartbeats. */
  readonly onProgress: (steps: readonly StepReport[]) => void;
}

export interface StepsResult {
  readonly failure: Failure | null;
  readonly steps: readonly StepReport[];
  /** SIGKILL was needed to stop it. */
  readonly killed: boolean;
  /** No process of the job is left running. */
  readonly gone: boolean;
  readonly outputs: Readonly<Record<string, string>>;
}

/** Runs the steps in order. Once one has failed only steps marked `always` run; once stopped, none. */
export async function runSteps(request: StepsRequest): Promise<StepsResult> {
  const { spec, stop, log } = request;
  const reports: StepReport[] = [];
  let failure: Failure | null = null;
  let killed = false;
  let gone = true;
  for (const [index, step] of spec.steps.entries()) {
    if (stop.gently.aborted || (failure !== null && !step.always)) {
      reports[index] = { index, state: "skipped", exit_code: null, signal: null, duration_ms: null };
      continue;
    }
    log.say(`step ${index + 1} of ${spec.steps.length}: ${step.name}`);
    reports[index] = { index, state: "running", exit_code: null, signal: null, duration_ms: null };
    request.onProgress(reports);
    const countKills = (): number | null =>
      request.group === null ? countOutOfMemoryKills() : request.group.countOutOfMemoryKills();
    const kills = countKills();
    const startedAt = monotonicMs();
    const missing = await missingWorkdir(request.workspace, spec.workdir);
    const result: CommandResult | null = missing === null ? await runStep(request, index, step) : null;
    const stepFailure =
      result === null
        ? { reason: "command_not_found" as const, exitCode: null, summary: `step "${step.name}" ${missing}` }
        : failureOf(step.name, result, kills !== null && (countKills() ?? kills) > kills);
    const durationMs = monotonicMs() - startedAt;
    reports[index] =
      result === null
        ? { index, state: "failed", exit_code: null, signal: null, duration_ms: 0 }
        : stepReport(index, result, stepFailure, durationMs);
    killed ||= result?.killed ?? false;
    gone &&= result?.gone ?? true;
    say(log, index, reports[index], stepFailure, result);
    if (result?.endedBy !== "stop" && !step.continue_on_error) failure ??= stepFailure;
    request.onProgress(reports);
  }
  const { outputs, fault } = await readOutputs(request.workspace.outputs, spec.outputs);
  if (fault !== null) log.say(fault);
  if (fault !== null && !stop.gently.aborted)
    failure ??= { reason: "outputs_invalid", exitCode: null, summary: fault };
  return { failure, steps: reports, killed, gone, outputs };
}

async function runStep(request: StepsRequest, index: number, step: StepSpec): Promise<CommandResult> {
  const { spec, workspace, stop } = request;
  const stream = request.openStream(index + 1);
  const silenceMs = spec.no_output_timeout_ms;
  const silence =
    silenceMs === null
      ? null
      : new SilenceWatch(Math.min(silenceMs, TIMEOUT_MS_MAX), () =>
          stop.stop({ kind: "no_output_timeout", afterMs: silenceMs }),
        );
  try {
    return await runCommand({
      argv: [...spec.shell, step.run],
      cwd: resolve(workspace.source, spec.workdir),
      env: stepEnvironment(request.inherited, spec, request.job.attemptId, step, workspace),
      job: request.job,
      user: request.user,
      group: request.group,
      output: silence?.over(stream) ?? stream,
      pipeFolder: workspace.folder,
      timeoutMs: step.timeout_ms === null ? null : Math.min(step.timeout_ms, TIMEOUT_MS_MAX),
      stopSignal: spec.cancel_signal,
      stop,
      graceMs: () => (stop.cause?.kind === "canceled" ? stop.cause.order.graceMs : spec.cancel_grace_ms),
    });
  } finally {
    silence?.end();
    // The upload goes on beside the next step; the attempt waits for all of them at its end.
    void stream.end();
  }
}

/** What is wrong with the working directory, or null. */
async function missingWorkdir(workspace: Workspace, workdir: string): Promise<string | null> {
  const folder = resolve(workspace.source, workdir);
  if (folder !== workspace.source && !folder.startsWith(workspace.source + sep))
    return `could not start: its working directory "${workdir}" is outside the checkout`;
  const found = await stat(folder).catch(() => null);
  return found?.isDirectory() ? null : `could not start: there is no folder "${workdir}" in the checkout`;
}

function say(
  log: OwnLog,
  index: number,
  report: StepReport,
  failure: Failure | null,
  result: CommandResult | null,
): void {
  if (result !== null && result.leftBehind > 0)
    log.say(`ended ${result.leftBehind} processes that step ${index + 1} left running`);
  if (result !== null && !result.gone) log.say(`some processes of step ${index + 1} could not be killed`);
  const seconds = ((report.duration_ms ?? 0) / 1_000).toFixed(1);
  log.say(
    failure === null
      ? `step ${index + 1} ${report.state} after ${seconds} s`
      : `${failure.summary} (${seconds} s)`,
  );
}
