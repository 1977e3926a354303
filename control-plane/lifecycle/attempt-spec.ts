import type { ClaimableAttempt } from "../db/leases.ts";
import { LOG_BYTES_MAX } from "../../schemas/limits.ts";
import type { PlanJob } from "../../schemas/plan.ts";
import type { AttemptSpec } from "../../schemas/runner-protocol.ts";
import type { NeededArtifacts } from "./needed-artifacts.ts";

/** Everything a runner may know about its attempt, from the plan, the run and what the needed jobs left. */
export function attemptSpec(attempt: ClaimableAttempt, job: PlanJob, needed: NeededArtifacts): AttemptSpec {
  return {
    run_id: attempt.runId,
    job_key: job.key,
    attempt_number: attempt.number,
    commit: attempt.headSha,
    ref: attempt.event.ref,
    checkout: job.checkout,
    workdir: job.workdir,
    shell: [...job.shell],
    env: { ...job.env },
    steps: job.steps.map((step) => ({
      name: step.name,
      run: step.run,
      env: { ...step.env },
      timeout_ms: step.timeout_ms,
      continue_on_error: step.continue_on_error,
      always: step.always,
    })),
    timeout_ms: job.timeout_ms,
    no_output_timeout_ms: job.no_output_timeout_ms,
    outputs: [...job.outputs],
    artifacts: job.artifacts.map(({ name, paths, when, required }) => ({
      name,
      paths: [...paths],
      when,
      required,
    })),
    needed_artifacts: [...needed.present],
    absent_artifacts: [...needed.absent],
    cancel_signal: job.cancel.signal,
    cancel_grace_ms: job.cancel.grace_ms,
    log_bytes_max: LOG_BYTES_MAX,
    masks: [],
  };
}
