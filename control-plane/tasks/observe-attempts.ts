import { readCaredFor, readDispatchedAttempts, type DispatchedAttempt } from "../db/observations.ts";
import { recordObservation } from "../lifecycle/observe.ts";
import type { Observation } from "../../schemas/dispatcher.ts";
import type { TaskContext } from "./context.ts";

/** Long enough for a runner to notice by itself that its attempt is over. */
const ORPHAN_GRACE_MS = 10_000;
/** A runner whose report was taken still has to leave. With a pass every 10 s an orphan is asked to stop within 30 s. */
const ENDING_MS = 15_000;

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
  // Read again: an attempt may have been dispatched after the first look, and its runner been seen.
  const caredFor = await readCaredFor(database, ids, ENDING_MS);
  for (const attemptId of ids) {
    if (!caredFor.has(attemptId)) {
      const { status } = await dispatcher.stop({ attemptId, graceMs: ORPHAN_GRACE_MS });
      log.warn({ attempt: attemptId, status }, "a runner without an attempt is being stopped");
    }
  }
}
