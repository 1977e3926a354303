import {
  ConfigError,
  readConfig,
  startControlPlane,
  type ControlPlane,
  type ControlPlaneConfig,
} from "../control-plane/main.ts";
import { CliFailure } from "./failure.ts";
import { findLiveServer } from "./find-server.ts";
import { openLogFile } from "./log-file.ts";
import { readServerFile } from "./state-folder.ts";

export interface StartRequest {
  readonly overrides: Partial<ControlPlaneConfig>;
  /** Log lines go to stderr, or to a file in the state folder. */
  readonly log: "stderr" | "file";
  /** The command that starts it. */
  readonly startedBy: "delta up" | "delta run" | "delta server";
}

export interface StartedControlPlane {
  readonly server: ControlPlane;
  /** Where the log is; null for stderr. */
  readonly logFile: string | null;
}

/** Starts a control plane in this process. What keeps it from starting becomes a failure with a hint. */
export async function startHere({ overrides, log, startedBy }: StartRequest): Promise<StartedControlPlane> {
  try {
    const config = readConfig(process.env, overrides);
    if (log === "stderr") return { server: await startControlPlane(config, { startedBy }), logFile: null };
    const file = await openLogFile(config.stateFolder);
    const server = await startControlPlane(config, { logStream: file.stream, startedBy });
    return { server, logFile: file.path };
  } catch (error) {
    throw (await ownServerInTheWay(error)) ?? startFailure(error);
  }
}

/** The operating system's error in an error or in what caused it. */
function systemError(error: unknown): (NodeJS.ErrnoException & { readonly port?: number }) | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === "string" && /^E[A-Z]+$/.test(code)) return at;
  }
  return undefined;
}

/** The port is held by the live server of this very state folder, which the same commands find and use. */
async function ownServerInTheWay(error: unknown): Promise<CliFailure | null> {
  const system = systemError(error);
  const own = await readServerFile();
  if (system?.code !== "EADDRINUSE" || own === null || URL.parse(own.url)?.port !== String(system.port))
    return null;
  if ((await findLiveServer()) === null) return null;
  const who = own.startedBy === null ? "a control plane" : `\`${own.startedBy}\``;
  const until = own.startedBy === "delta run" ? " until its run has ended" : "";
  return new CliFailure(
    "port_in_use",
    `${who} (process ${own.pid}) serves this state folder at ${own.url}${until}`,
    "`delta run` and `delta runs` use it. A second one beside it needs a port of its own: --port or DELTA_PORT.",
    error,
  );
}

function startFailure(error: unknown): CliFailure {
  if (error instanceof CliFailure) return error;
  if (error instanceof ConfigError) {
    return new CliFailure("usage", error.message, "docs/operate/configuration.md lists the settings.", error);
  }
  const { message, name } = error as Error;
  const code = systemError(error)?.code;
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
