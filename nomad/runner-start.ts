import type { DispatchRequest } from "../schemas/dispatcher.ts";
import type { RunnerConfig } from "../schemas/runner-config.ts";
import type { NomadPool } from "./config.ts";
import { NANOSECONDS_PER_MILLISECOND, type NomadIdentity } from "./job-types.ts";

export const IDENTITY_NAME = "delta";
/** Who a workload identity of ours is meant for; checked at the claim. */
export const IDENTITY_AUDIENCE = "delta-ci";

/** Where the runner finds its configuration, and a virtual machine its identity, as driver configuration has it. */
export const CONFIG_FILE = "${NOMAD_SECRETS_DIR}/runner.json";
export const IDENTITY_FILE = `\${NOMAD_SECRETS_DIR}/nomad_${IDENTITY_NAME}.jwt`;
/** The same path in the language of Nomad's template block, as the task itself sees it. */
const IDENTITY_FILE_TEMPLATE = `{{ env "NOMAD_SECRETS_DIR" }}/nomad_${IDENTITY_NAME}.jwt`;
const IDENTITY_PLACEHOLDER = "@identity@";
/** The same folder for Nomad's template block, which counts from the task's folder. */
export const CONFIG_DESTINATION = "secrets/runner.json";

/** Nomad's client renews an identity at half of its life; the runner deletes the file before its first step. */
const IDENTITY_LIVES_PER_ATTEMPT = 3;
const IDENTITY_TTL_MS_MIN = 60 * 60_000;

/**
 * Lives so long that the client has no cause to write it again while the attempt runs. What bounds
 * its use is the claim: it works once, and the control plane looks at its age.
 */
export function identityOf(request: DispatchRequest): NomadIdentity {
  const ttlMs = Math.max(request.job.timeout_ms * IDENTITY_LIVES_PER_ATTEMPT, IDENTITY_TTL_MS_MIN);
  return {
    Name: IDENTITY_NAME,
    Audience: [IDENTITY_AUDIENCE],
    TTL: ttlMs * NANOSECONDS_PER_MILLISECOND,
    File: true,
    ChangeMode: "noop",
  };
}

/**
 * The runner's configuration, written by Nomad's client into the task's secrets folder, or told to a
 * machine, and deleted by the runner once read. The file goes through Nomad's template engine, which acts on double braces alone:
 * JSON of these fields opens none but ours, because nothing in it is written by users.
 */
export function runnerConfigOf(request: DispatchRequest, pool: NomadPool, isIdentity: boolean): string {
  const config: RunnerConfig = {
    version: 1,
    control_plane: pool.profile.controlPlane ?? request.controlPlaneUrl,
    attempt_id: request.attemptId,
    proof: isIdentity
      ? { kind: "nomad_identity_file", file: pool.profile.machine?.identityFile ?? IDENTITY_PLACEHOLDER }
      : { kind: "claim_token", token: request.claimToken },
    workspace_root: pool.profile.workspaceRoot,
    inherit_env: ["PATH", "HOME", "LANG"],
    ...(pool.profile.machine !== null && {
      step_user: pool.profile.machine.stepUser,
      step_group: pool.profile.machine.stepGroup,
    }),
  };
  // The template's own quotes come after JSON has escaped everything else.
  return JSON.stringify(config).replace(IDENTITY_PLACEHOLDER, IDENTITY_FILE_TEMPLATE);
}
