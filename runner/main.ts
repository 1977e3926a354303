import { isMainThread, workerData } from "node:worker_threads";
import { runAttempt } from "./attempt.ts";
import { BadConfiguration, parseRunnerConfig, parseSweepConfig, readConfigText } from "./config.ts";
import { RUNNER_EXIT, type RunnerExitName } from "../schemas/runner-exit.ts";
import { runHeartbeatThread } from "./lease/heartbeat-thread.ts";
import type { HeartbeatThreadData } from "./lease/messages.ts";
import { readOwnCommand } from "./own-command.ts";
import { pipe, serveRelay } from "./relay-command.ts";
import { StopSource } from "./stop-source.ts";
import { sweep } from "./sweep.ts";
import { RUNNER_VERSION } from "./version.ts";

const USAGE = `usage: delta-runner [run|sweep] [--config FILE]
       delta-runner relay --socket PATH --control-plane URL [--ca FILE]
       delta-runner pipe --socket PATH
  run      carry out one attempt (default)
  sweep    end the processes of an attempt whose runner died, and remove its workspace
  relay    forward a Unix socket to the control plane, for runners that have no network
  pipe     join standard input and output with the relay's socket, for virtual machines
\`run\` starts \`pack\` and \`unpack\` itself, for the files that jobs hand on.
The configuration is one line of JSON on standard input, or a file that is deleted once read.`;

const STOP_SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

function warn(line: string): void {
  process.stderr.write(`delta-runner: ${line}\n`);
}

async function run(configFile: string | undefined): Promise<RunnerExitName> {
  const ownCommand = readOwnCommand();
  const stop = new StopSource();
  for (const signal of STOP_SIGNALS) process.on(signal, () => stop.stop({ kind: "told", signal }));
  const config = parseRunnerConfig(await readConfigText(configFile));
  // So that people who list processes see which attempt this is; the id is no secret.
  process.title = `delta-runner ${config.attempt_id}`;
  const environment = { ...process.env };
  const threadEntry = new URL(import.meta.url);
  return await runAttempt(config, { threadEntry, ownCommand, stop, environment, warn });
}

async function main(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first === "--version") {
    process.stdout.write(`${RUNNER_VERSION}\n`);
    return 0;
  }
  const command = first === undefined || first.startsWith("--") ? "run" : first;
  const options = command === first ? rest : args;
  if (command === "pack" || command === "unpack") {
    // Evaluated only here: every other start, the heartbeat thread's too, does without it.
    const { runArchiveCommand } = await import("./artifacts/archive-command.ts");
    process.stdout.write(`${JSON.stringify(await runArchiveCommand(args))}\n`);
    return 0;
  }
  if (command === "relay" || command === "pipe") return await relayOrPipe(command, rest);
  const fits = options.length === 0 || (options.length === 2 && options[0] === "--config");
  if (!fits || (command !== "run" && command !== "sweep")) {
    process.stderr.write(`${USAGE}\n`);
    return RUNNER_EXIT.bad_configuration;
  }
  try {
    if (command === "run") return RUNNER_EXIT[await run(options[1])];
    return (await sweep(parseSweepConfig(await readConfigText(options[1])))) ? 0 : RUNNER_EXIT.internal;
  } catch (error) {
    warn(error instanceof BadConfiguration ? error.message : String((error as Error).stack ?? error));
    return error instanceof BadConfiguration ? RUNNER_EXIT.bad_configuration : RUNNER_EXIT.internal;
  }
}

async function relayOrPipe(command: "relay" | "pipe", args: readonly string[]): Promise<number> {
  try {
    if (command === "relay") await serveRelay(args, warn);
    else await pipe(args);
    return 0;
  } catch (error) {
    warn((error as Error).message);
    return error instanceof BadConfiguration ? RUNNER_EXIT.bad_configuration : RUNNER_EXIT.internal;
  }
}

if (isMainThread) process.exit(await main(process.argv.slice(2)));
else if ((workerData as HeartbeatThreadData | null)?.role === "heartbeat") runHeartbeatThread();
