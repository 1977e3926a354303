import type { Dispatcher } from "../schemas/dispatcher.ts";
import { NomadClient } from "./client.ts";
import type { NomadConfig } from "./config.ts";
import { NomadDispatcher } from "./dispatcher.ts";
import { IDENTITY_AGE_SECONDS, NomadIdentityVerifier } from "./identity.ts";
import { JobApi } from "./job-api.ts";

export { CLIENT_DEFAULTS, type NomadClientConfig, type NomadConfig } from "./config.ts";
export { readNomadConfig, type NomadSettings } from "./read-config.ts";
export { applySetup, type AppliedPart } from "./apply-setup.ts";
export { type DevAgent, startDevAgent } from "./dev-agent.ts";
export { type DiagnoseOptions, diagnoseNomad } from "./diagnose.ts";
export type { NomadFinding } from "./finding.ts";
export { NomadError } from "./nomad-error.ts";
export { setupFiles } from "./setup.ts";
export type { SetupFile, SetupOptions } from "./setup-options.ts";
export {
  buildMachineImage,
  type MachineImage,
  type MachineImageOptions,
} from "./images/build-machine-image.ts";
export { buildRunnerDisk, RUNNER_DISK_NAME } from "./runner-disk.ts";
export { buildRunnerFolder } from "./runner-folder.ts";

/** A dispatcher over one Nomad cluster. Throws when the configuration is not usable. */
export function createNomadDispatcher(config: NomadConfig): Dispatcher {
  return new NomadDispatcher(config);
}

export interface NomadIdentities {
  /** Which attempt a workload identity was issued for; null when it does not hold. Throws when Nomad is away. */
  verify(jwt: string): Promise<{ readonly attemptId: string } | null>;
  close(): Promise<void>;
}

/** Checks the identities of runners that were placed by the dispatcher of the same configuration. */
export function createNomadIdentities(config: NomadConfig, issuer: string | null): NomadIdentities {
  const client = new NomadClient(config);
  const verifier = new NomadIdentityVerifier(client, new JobApi(client), {
    installation: config.installation,
    namespace: config.namespace,
    issuer,
    ageSecondsMax: IDENTITY_AGE_SECONDS,
  });
  return { verify: (jwt) => verifier.verify(jwt), close: () => client.close() };
}
