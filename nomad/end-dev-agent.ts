import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { endLeftProcesses, removeAgentFolder, type LeftProcess } from "./dev-leftovers.ts";

/**
 * An agent in development mode ends its tasks first, and Nomad gives each its KillTimeout: 20 s for a job that sets no
 * grace. An agent that is killed in the middle leaves its tasks and mounts to us.
 */
const STOP_MS = 30_000;
/** An executor's command line is long, and its start tells it. */
const COMMAND_CHARACTERS = 80;

/**
 * Ends a throw-away agent, what it runs, and its folder: gently within STOP_MS, or at once when told. Resolves with
 * what had to be killed, in words; null when all of it ended by itself. Throws when the folder stays.
 */
export async function endDevAgent(
  agent: ChildProcess | null,
  folder: string,
  atOnce: AbortSignal | undefined,
): Promise<string | null> {
  const isKilled = await endProcess(agent, atOnce);
  const left = await endLeftProcesses(folder);
  await removeAgentFolder(folder);
  return killedWords(isKilled, left);
}

function killedWords(isKilled: boolean, left: readonly LeftProcess[]): string | null {
  const processes = left
    .map(({ pid, command }) => `${pid} ${command.slice(0, COMMAND_CHARACTERS)}`)
    .join(", ");
  if (isKilled)
    return `Nomad did not end by itself and was killed${processes && `, and so was ${processes}`}`;
  return processes === "" ? null : `Nomad left processes running, which were killed: ${processes}`;
}

/** True when it had to be killed. */
async function endProcess(agent: ChildProcess | null, atOnce: AbortSignal | undefined): Promise<boolean> {
  if (agent?.pid === undefined || agent.exitCode !== null || agent.signalCode !== null) return false;
  const exited = once(agent, "exit");
  agent.kill("SIGINT");
  const over = new AbortController();
  const signal = AbortSignal.any(atOnce === undefined ? [over.signal] : [over.signal, atOnce]);
  const late = delay(STOP_MS, null, { signal }).catch(() => null);
  const isLate = await Promise.race([exited.then(() => false), late.then(() => true)]);
  if (isLate) {
    agent.kill("SIGKILL");
    await exited;
  }
  over.abort();
  return isLate;
}
