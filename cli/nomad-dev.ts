import { fileURLToPath } from "node:url";
import { startDevAgent, type DevAgent } from "../nomad/index.ts";
import { CliFailure } from "./failure.ts";
import { watchInterruption } from "./interruption.ts";
import { paint, writeData, writeJson, writeTalk } from "./output.ts";

export interface NomadDevAnswer {
  readonly version: 1;
  readonly address: string;
  readonly config: string;
}

/** A stop that takes longer than this is said to wait for jobs. */
const STOP_NOTICE_MS = 5_000;

/** Serves until a signal comes, then leaves nothing. The exit code is 0 for SIGTERM, else the signal's. */
export async function nomadDev(request: {
  readonly nomad: string;
  readonly json: boolean;
}): Promise<NomadDevAnswer> {
  const interruption = watchInterruption();
  if (!request.json) writeTalk("Starting Nomad ...");
  const agent = await start(request.nomad);
  const answer: NomadDevAnswer = { version: 1, address: agent.address, config: agent.configFile };
  let end: string;
  try {
    if (request.json) writeJson(answer);
    else writeData(readyText(agent));
    const stopped = new Promise<"stop">((resolve) => {
      if (interruption.first.aborted) resolve("stop");
      interruption.first.addEventListener("abort", () => resolve("stop"), { once: true });
    });
    end = await Promise.race([stopped, agent.ended]);
    if (!request.json) writeTalk(end === "stop" ? "Stopping ..." : "Nomad is gone; ending what it left ...");
  } finally {
    await stop(agent, interruption.second, request.json);
  }
  if (end !== "stop") throw new CliFailure("nomad_failed", `Nomad is gone: ${end}`);
  const exitCode = interruption.exitCode();
  process.exitCode = exitCode === 143 ? 0 : (exitCode ?? 0);
  return answer;
}

/** Says what had to be killed: a job that does not end by itself is worth a look. */
async function stop(agent: DevAgent, atOnce: AbortSignal, quiet: boolean): Promise<void> {
  const words = "Jobs are being stopped; Ctrl-C again ends them at once.";
  const notice = setTimeout(() => (quiet ? null : writeTalk(words)), STOP_NOTICE_MS);
  try {
    const killed = await agent.stop(atOnce);
    if (killed !== null) writeTalk(killed);
  } catch (error) {
    const hint = "Look for what still uses it, and remove it.";
    throw new CliFailure("nomad_failed", (error as Error).message, hint, error);
  } finally {
    clearTimeout(notice);
  }
}

async function start(nomad: string): Promise<DevAgent> {
  const launcher = fileURLToPath(import.meta.resolve("../runner/delta-runner.js"));
  try {
    return await startDevAgent({ nomad, runner: [process.execPath, launcher, "run"] });
  } catch (error) {
    const hint = "Install Nomad 1.11.3 or newer, or name the program with --nomad-binary.";
    throw new CliFailure("nomad_failed", (error as Error).message, hint, error);
  }
}

function readyText({ address, configFile }: DevAgent): string {
  return [
    `${paint("green", "✓")} Nomad is up at ${paint("bold", address)}`,
    "  jobs     run as your user on this machine, without isolation",
    `  next     delta up --dispatcher nomad --nomad-config ${configFile}`,
    "  Ctrl-C ends it and what it runs",
  ].join("\n");
}
