import { readCaredFor, readDispatchedAttempts, type DispatchedAttempt } from "../db/observations.ts";
import { recordObservation } from "../lifecycle/observe.ts";
import type { Observation } from "../../schemas/dispatcher.ts";
import type { TaskContext } from "./context.ts";

/** Long enough for a runner to notice by itself that its attempt is over. */
const ORPHAN_GRACE_MS = 10_000;

/**
 * Compares what the backend shows with what the database says. What it shows are hints: they explain
 * a wait, and end one early when no runner will come. Runners of attempts that have ended, or that
 * nobody knows, are stopped.
 */
export async function observeAttempts(context: TaskContext): Promise<void> {
  const { database, dispatcher } = context;
  const ours = await readDispatchedAttempts(database);
  const observations = await dispatcher.observe(ours.map(({ id }) => id));
  const known = new Map<string, DispatchedAttempt>(ours.map((attempt) => [attempt.id, attempt]));
  const foreign: Observation[] = [];
  for (const observation of observations) {
    const attempt = known.get(observation.attemptId);
    if (attempt === undefined) {
      foreign.push(observation);
    } else {
      await recordObservation(database, attempt, observation);
    }
  }
  await stopOrphans(context, foreign);
}

async function stopOrphans(
  { database, dispatcher, log }: TaskContext,
  seen: readonly Observation[],
): Promise<void> {
  const running = seen.filter(({ state }) => state === "pending" || state === "running");
  if (running.length === 0) {
    return;
  }
  const ids = running.map(({ attemptId }) => attemptId);
  const caredFor = await readCaredFor(database, ids);
  for (const attemptId of ids) {
    if (!caredFor.has(attemptId)) {
      log.warn({ attempt: attemptId }, "a runner without an attempt is stopped");
      await dispatcher.stop({ attemptId, graceMs: ORPHAN_GRACE_MS });
    }
  }
}
