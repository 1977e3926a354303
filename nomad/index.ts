import type { Dispatcher } from "../schemas/dispatcher.ts";
import type { NomadConfig } from "./config.ts";
import { NomadDispatcher } from "./dispatcher.ts";

export { CLIENT_DEFAULTS, type NomadConfig, type NomadPool, type NomadTls } from "./config.ts";
export { rawExecProfile } from "./profiles/raw-exec.ts";

/** The only door of this folder: a dispatcher over one Nomad cluster. Throws when the configuration is not usable. */
export function createNomadDispatcher(config: NomadConfig): Dispatcher {
  return new NomadDispatcher(config);
}
