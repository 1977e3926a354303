import { setTimeout as sleep } from "node:timers/promises";
import { listProcesses, readEnvironment, readWorkingDirectory, type ProcessEntry } from "./process-table.ts";

/** The variable that marks every process of an attempt; steps cannot set it themselves. */
export const ATTEMPT_MARKER = "DELTA_ATTEMPT_ID";

/** A killed process is gone within milliseconds; one in uninterruptible sleep may take its device's time. */
const KILL_WAIT_MS = 5_000;
const KILL_POLL_MS = 10;

export interface JobIdentity {
  readonly attemptId: string;
  /** Absolute path of the attempt's own folder, with links resolved. */
  readonly folder: string;
  /** Processes that started before this, in clock ticks since boot, cannot belong to it. */
  readonly sinceTicks: number;
}

/**
 * The live processes of one attempt: those that carry its marker in the environment they were started
 * with, work inside its folder, belong to the session of one of these, or descend from one of these.
 * A process escapes only if it left its session, cleared its environment, left the folder and
 * lost its parent, all of that; a container or VM ends even those. Without /proc only process groups
 * can be ended, and this is empty.
 */
export function findJobProcesses(job: JobIdentity, knownSessions: ReadonlySet<number>): ProcessEntry[] {
  const all = (listProcesses() ?? []).filter(
    (entry) => entry.pid !== process.pid && entry.startTicks >= job.sinceTicks,
  );
  const members = new Map<number, ProcessEntry>();
  const sessions = new Set(knownSessions);
  for (const entry of all)
    if (sessions.has(entry.session) || isMarked(entry.pid, job)) {
      members.set(entry.pid, entry);
      if (entry.session === entry.pid) sessions.add(entry.session);
    }
  for (let grown = true; grown; ) {
    grown = false;
    for (const entry of all) {
      if (members.has(entry.pid)) continue;
      if (!members.has(entry.parent) && !sessions.has(entry.session)) continue;
      members.set(entry.pid, entry);
      if (entry.session === entry.pid) sessions.add(entry.session);
      grown = true;
    }
  }
  return [...members.values()];
}

/** Sends a signal to all of them, each once. True when there was at least one. */
export function signalJobProcesses(
  job: JobIdentity,
  knownSessions: ReadonlySet<number>,
  signal: NodeJS.Signals,
): boolean {
  const found = findJobProcesses(job, knownSessions);
  let groupFound = false;
  for (const session of knownSessions) groupFound = signalTarget(-session, signal) || groupFound;
  // Group members have had it from the group signal; a second SIGTERM could skip their own clean-up.
  for (const entry of found) if (!knownSessions.has(entry.group)) signalTarget(entry.pid, signal);
  // A group of zombies still takes signals, so where there is a process table it alone decides.
  return process.platform === "linux" ? found.length > 0 : groupFound;
}

/** Kills until none is left. False when some were still there after KILL_WAIT_MS. */
export async function killJobProcesses(
  job: JobIdentity,
  knownSessions: ReadonlySet<number>,
): Promise<boolean> {
  const deadline = performance.now() + KILL_WAIT_MS;
  while (signalJobProcesses(job, knownSessions, "SIGKILL")) {
    if (performance.now() > deadline) return false;
    await sleep(KILL_POLL_MS);
  }
  return true;
}

function isMarked(pid: number, job: JobIdentity): boolean {
  if (readEnvironment(pid)?.includes(`${ATTEMPT_MARKER}=${job.attemptId}`)) return true;
  const directory = readWorkingDirectory(pid);
  return directory !== null && (directory === job.folder || directory.startsWith(`${job.folder}/`));
}

function signalTarget(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch {
    return false;
  }
}
