import type { AttemptSpec, StepSpec } from "../schemas/runner-protocol.ts";
import { ATTEMPT_MARKER } from "./processes/job-processes.ts";
import type { Workspace } from "./workspace.ts";

const PATH_DEFAULT = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

type Environment = Readonly<Record<string, string>>;

/** The variables of the runner's own environment that its configuration lets steps see. */
export function inheritedEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  allowed: readonly string[],
): Environment {
  const matches = (name: string): boolean =>
    allowed.some((entry) => (entry.endsWith("*") ? name.startsWith(entry.slice(0, -1)) : name === entry));
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(own))
    if (value !== undefined && !name.startsWith("DELTA_") && matches(name)) kept[name] = value;
  return kept;
}

/**
 * What one step sees, later entries winning: defaults, inherited, the job's, the step's, and last what
 * nobody may change. Built from nothing; no token is ever in it.
 */
export function stepEnvironment(
  inherited: Environment,
  spec: AttemptSpec,
  attemptId: string,
  step: StepSpec,
  workspace: Workspace,
): Environment {
  return {
    PATH: PATH_DEFAULT,
    HOME: workspace.home,
    TMPDIR: workspace.temporary,
    ...inherited,
    ...spec.env,
    ...step.env,
    CI: "true",
    DELTA: "true",
    DELTA_RUN_ID: spec.run_id,
    DELTA_JOB: spec.job_key,
    DELTA_STEP: step.name,
    DELTA_ATTEMPT: String(spec.attempt_number),
    [ATTEMPT_MARKER]: attemptId,
    DELTA_COMMIT: spec.commit,
    DELTA_REF: spec.ref,
    DELTA_WORKSPACE: workspace.source,
    DELTA_OUTPUT: workspace.outputs,
  };
}
