import {
  ConfigError,
  readConfig,
  startControlPlane,
  type ControlPlane,
  type ControlPlaneConfig,
} from "../control-plane/main.ts";
import { CliFailure } from "./failure.ts";
import { openLogFile } from "./log-file.ts";

export interface StartRequest {
  readonly overrides: Partial<ControlPlaneConfig>;
  /** Log lines go to stderr, or to a file in the state folder. */
  readonly log: "stderr" | "file";
}

export interface StartedControlPlane {
  readonly server: ControlPlane;
  /** Where the log is; null for stderr. */
  readonly logFile: string | null;
}

/** Starts a control plane in this process. What keeps it from starting becomes a failure with a hint. */
export async function startHere({ overrides, log }: StartRequest): Promise<StartedControlPlane> {
  try {
    const config = readConfig(process.env, overrides);
    if (log === "stderr") return { server: await startControlPlane(config), logFile: null };
    const file = await openLogFile(config.stateFolder);
    const server = await startControlPlane(config, { logStream: file.stream });
    return { server, logFile: file.path };
  } catch (error) {
    throw startFailure(error);
  }
}

/** The operating system's code in an error or in what caused it. */
function systemCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === "string" && /^E[A-Z]+$/.test(code)) return code;
  }
  return undefined;
}

function startFailure(error: unknown): CliFailure {
  if (error instanceof CliFailure) return error;
  if (error instanceof ConfigError) {
    return new CliFailure("usage", error.message, "docs/operate/configuration.md lists the settings.", error);
  }
  const { message, name } = error as Error;
  const code = systemCode(error);
  if (code === "EADDRINUSE") {
    const hint = "Another program has it: stop that, or choose a port with --port or DELTA_PORT.";
    return new CliFailure("port_in_use", message, hint, error);
  }
  if (code !== undefined && ["EACCES", "EPERM", "EROFS", "ENOSPC", "ENOTDIR"].includes(code)) {
    const hint = "Make the state folder writable, or name another one in DELTA_STATE_DIR.";
    return new CliFailure("state_unwritable", `the state folder cannot be used: ${message}`, hint, error);
  }
  if (name === "EmbeddedPostgresError" || /database|postgres/i.test(message)) {
    return new CliFailure("database_unavailable", message, "`delta doctor` looks for what is wrong.", error);
  }
  return new CliFailure("control_plane_failed", `the control plane did not start: ${message}`, null, error);
}
