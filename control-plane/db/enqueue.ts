import type { Connection } from "./client.ts";

/** The background tasks and what each is told. A task is a wake-up: it may come twice, late or never. */
export interface TaskPayloads {
  readonly "plan-run": { readonly run_id: string };
  readonly "advance-run": { readonly run_id: string };
  readonly "admit-attempts": Record<string, never>;
  readonly "dispatch-attempts": Record<string, never>;
  readonly "stop-attempt": { readonly attempt_id: string };
  readonly "report-check": { readonly run_id: string };
}

export type TaskName = keyof TaskPayloads;

/** A task to wake, with the key under which two waiting wake-ups count as one. */
export type Wake = {
  readonly [Name in TaskName]: {
    readonly task: Name;
    readonly payload: TaskPayloads[Name];
    readonly key: string;
    readonly delayMs: number;
  };
}[TaskName];

/** A wake-up for one run. */
export function wakeRun(task: "plan-run" | "advance-run" | "report-check", runId: string, delayMs = 0): Wake {
  return { task, payload: { run_id: runId }, key: `${task}:${runId}`, delayMs };
}

/** A wake-up for one attempt. */
export function wakeAttempt(task: "stop-attempt", attemptId: string, delayMs = 0): Wake {
  return { task, payload: { attempt_id: attemptId }, key: `${task}:${attemptId}`, delayMs };
}

/** A later look at what is to be dispatched, for one attempt whose backend gave no answer. */
export function wakeDispatch(attemptId: string, delayMs: number): Wake {
  return { task: "dispatch-attempts", payload: {}, key: `dispatch-attempts:${attemptId}`, delayMs };
}

/** A second look soon, which never puts off one that waits already. */
export function wakeAgain(task: "admit-attempts", delayMs: number): Wake {
  return { task, payload: {}, key: `${task}:again`, delayMs };
}

/** A wake-up for something that looks at everything at once. */
export function wakeAll(task: "admit-attempts" | "dispatch-attempts"): Wake {
  return { task, payload: {}, key: task, delayMs: 0 };
}

/**
 * Adds the wake-ups in the caller's transaction: they exist if and only if it commits. A wake-up
 * whose key is already waiting replaces it; one whose key is running waits for its turn.
 */
export async function enqueue(tx: Connection, wakes: readonly Wake[]): Promise<void> {
  const unique = [...new Map(wakes.map((wake) => [wake.key, wake])).values()];
  if (unique.length === 0) {
    return;
  }
  // The row's own failures are handled by the task; its next wake-up is in the database, so one try is enough.
  await tx`
    select from graphile_worker.add_jobs(array(
      select row(
        wake->>'task', (wake->'payload')::json, null, clock_timestamp() + (wake->>'delayMs')::int * interval '1 millisecond',
        1, wake->>'key', null, null)::graphile_worker.job_spec
      from jsonb_array_elements(${tx.json(unique)}) as wake))`;
}
