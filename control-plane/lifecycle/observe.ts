import type { Database } from "../db/client.ts";
import type { DispatchedAttempt } from "../db/observations.ts";
import { inTransaction } from "../db/in-transaction.ts";
import { lockRun } from "../db/state-change.ts";
import type { Observation } from "../../schemas/dispatcher.ts";
import { CLAIM_DEADLINE_MS } from "../../schemas/limits.ts";
import type { AttemptState } from "../../schemas/states.ts";
import { endAttempt } from "./attempts.ts";
import { after, withChange, type Change } from "./change.ts";

/** A backend may list what it accepted a moment later; until then its absence says nothing. */
const ABSENT_GRACE_MS = 15_000;

interface ObservedAttempt {
  readonly state: AttemptState;
  readonly observed: string | null;
  readonly pending: string | null;
  readonly dispatchedAt: Date;
}

/**
 * Keeps what the backend shows of an attempt. Before the claim it explains the wait, and ends it when
 * no runner will come; after the claim it is only remembered, because the lease decides.
 */
export async function recordObservation(
  database: Database,
  attempt: DispatchedAttempt,
  observation: Observation,
): Promise<void> {
  const author = { actor: "control-plane", cause: `the backend shows it ${observation.state}` };
  await inTransaction(database, (tx) =>
    withChange(tx, author, async (change) => {
      await lockRun(tx, attempt.run);
      const [row] = await tx<ObservedAttempt[]>`
        select state, observed, pending, dispatched_at as "dispatchedAt" from delta.attempts
        where id = ${attempt.id} and finalized_at is null`;
      if (row === undefined) {
        return;
      }
      const observed = wordsOf(observation);
      if (row.observed !== observed) {
        await tx`update delta.attempts set observed = ${observed} where id = ${attempt.id}`;
      }
      if (row.state === "dispatched") {
        await explainWait(change, attempt, row, observation, observed);
      }
    }),
  );
}

async function explainWait(
  change: Change,
  { id, run }: DispatchedAttempt,
  row: ObservedAttempt,
  { state, detail }: Observation,
  observed: string,
): Promise<void> {
  const { tx } = change;
  switch (state) {
    case "pending": {
      // The backend still means to place it: the claim's time begins when it does. The queue deadline bounds the wait.
      const deadline = after(change, CLAIM_DEADLINE_MS);
      await tx`
        update delta.attempts set pending = ${detail}, claim_deadline_at = ${deadline},
          wake_at = least(${deadline}, queue_deadline_at)
        where id = ${id}`;
      break;
    }
    case "running":
      await tx`update delta.attempts set pending = null where id = ${id}`;
      break;
    case "absent":
    case "exited": {
      const listed = change.now - row.dispatchedAt.getTime() >= ABSENT_GRACE_MS;
      if (state === "exited" || listed) {
        const end = { id, run, from: row.state, to: "failed", reason: "runner_start_timeout" } as const;
        await endAttempt(change, { ...end, detail: observed, lease: "revoked", stopDelayMs: 0 });
      }
      return;
    }
    default:
      state satisfies never;
  }
  if (row.pending !== (state === "pending" ? detail : null)) {
    change.touched.add(run);
  }
}

function wordsOf({ state, detail, exitCode, outOfMemory }: Observation): string {
  const words = [
    `the backend shows its runner as ${state}`,
    ...(exitCode === null ? [] : [`exit code ${exitCode}`]),
    ...(outOfMemory ? ["out of memory"] : []),
    ...(detail === null ? [] : [detail]),
  ];
  return words.join(", ");
}
