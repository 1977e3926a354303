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
  const interruption = watchInterruption();
  const isUp = request.kind === "up";
  if (isUp && !request.json) writeTalk("Starting the control plane and Postgres ...");
  const { server, logFile } = await startHere({
    overrides: isUp ? { host: "127.0.0.1" } : { localRepositories: false },
    log: isUp ? "file" : "stderr",
  });
  const state = readConfig().stateFolder;
  const answer: ServeAnswer = { version: 1, url: server.url, state };
  if (request.json) writeJson(answer);
  else if (isUp) writeData(upText(server.url, state, logFile));
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

function upText(url: string, state: string, logFile: string | null): string {
  return [
    `${paint("green", "✓")} Delta CI is up at ${paint("bold", url)}`,
    `  state    ${state}`,
    ...(logFile === null ? [] : [`  log      ${logFile}`]),
    "  jobs     run as your user on this machine, without isolation",
    "  next     `delta run` in a repository, `delta runs list`; Ctrl-C stops all of it",
  ].join("\n");
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
