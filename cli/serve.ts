import { resolve } from "node:path";
import { readConfig } from "../control-plane/main.ts";
import { CliFailure } from "./failure.ts";
import { watchInterruption } from "./interruption.ts";
import { paint, writeData, writeJson, writeTalk } from "./output.ts";
import { startHere } from "./start-control-plane.ts";

interface ServeRequest {
  /** `up` is a laptop's: loopback, log in a file. `server` takes all from the environment. */
  readonly kind: "up" | "server";
  readonly port: number | undefined;
  readonly stateDir: string | undefined;
  readonly dispatcher: string | undefined;
  readonly nomadConfig: string | undefined;
  readonly json: boolean;
}

export interface ServeAnswer {
  readonly version: 1;
  readonly url: string;
  readonly state: string;
}

/** A stop that takes longer than this is said to hang, and a second Ctrl-C then ends it. */
const STOP_NOTICE_MS = 5_000;

/** Serves until a signal comes, then stops everything it started. The exit code is 0 for SIGTERM, else the signal's. */
export async function serveUntilStopped(request: ServeRequest): Promise<ServeAnswer> {
  if (request.stateDir !== undefined) process.env["DELTA_STATE_DIR"] = resolve(request.stateDir);
  if (request.port !== undefined) process.env["DELTA_PORT"] = String(request.port);
  if (request.dispatcher !== undefined) process.env["DELTA_DISPATCHER"] = request.dispatcher;
  if (request.nomadConfig !== undefined) process.env["DELTA_NOMAD_CONFIG"] = resolve(request.nomadConfig);
  const interruption = watchInterruption();
  const isUp = request.kind === "up";
  if (isUp && !request.json) writeTalk("Starting the control plane and Postgres ...");
  const { server, logFile } = await startHere({
    overrides: isUp ? { host: "127.0.0.1" } : { localRepositories: false },
    log: isUp ? "file" : "stderr",
    startedBy: isUp ? "delta up" : "delta server",
  });
  const { stateFolder: state, dispatcher } = readConfig();
  const answer: ServeAnswer = { version: 1, url: server.url, state };
  if (request.json) writeJson(answer);
  else if (isUp) writeData(upText(server.url, state, logFile, dispatcher.name));
  else writeData(`listening on ${server.url}`);
  await aborted(interruption.first);
  if (!request.json) writeTalk("Stopping ...");
  const notice = setTimeout(
    () => writeTalk("Jobs are being stopped; Ctrl-C again ends at once."),
    STOP_NOTICE_MS,
  );
  const stopped = await Promise.race([
    server.stop().then(() => true),
    aborted(interruption.second).then(() => false),
  ]);
  clearTimeout(notice);
  if (!stopped)
    throw new CliFailure(
      "interrupted",
      "ended before everything had stopped",
      "What it left is taken up by the next start.",
    );
  const exitCode = interruption.exitCode();
  process.exitCode = exitCode === 143 ? 0 : (exitCode ?? 0);
  if (!request.json) writeTalk("Stopped.");
  return answer;
}

const WHERE_JOBS_RUN = {
  "local-process": "run as your user on this machine, without isolation",
  nomad: "run on Nomad",
} as const;

function upText(
  url: string,
  state: string,
  logFile: string | null,
  dispatcher: keyof typeof WHERE_JOBS_RUN,
): string {
  return [
    `${paint("green", "✓")} Delta CI is up at ${paint("bold", url)}`,
    `  state    ${state}`,
    ...(logFile === null ? [] : [`  log      ${logFile}`]),
    `  jobs     ${WHERE_JOBS_RUN[dispatcher]}`,
    "  next     `delta run` in a repository, `delta runs list`; Ctrl-C stops all of it",
  ].join("\n");
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
