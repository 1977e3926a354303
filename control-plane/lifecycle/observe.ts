import type { Database } from "../db/client.ts";
import {
  keepObservations,
  readObservable,
  type ObservableAttempt,
  type SeenAttempt,
} from "../db/observations.ts";
import { inTransaction } from "../db/in-transaction.ts";
import { lockRuns } from "../db/state-change.ts";
import type { Observation } from "../../schemas/dispatcher.ts";
import { CLAIM_DEADLINE_MS } from "../../schemas/limits.ts";
import { endAttempt } from "./attempts.ts";
import { after, withChange, type Change } from "./change.ts";

/** A backend may list what it accepted a moment later; until then its absence says nothing. */
const ABSENT_GRACE_MS = 15_000;

/** Whether keeping the observation would change anything. */
export function isNews(attempt: ObservableAttempt, observation: Observation): boolean {
  return (
    attempt.observed !== wordsOf(observation) ||
    (attempt.state === "dispatched" && (saysNoRunner(observation) || attempt.pending !== waitOf(observation)))
  );
}

/** No runner of it will claim the attempt any more, unless one did already. */
export function saysNoRunner({ state, start }: Observation): boolean {
  return state === "absent" || state === "exited" || start === "overdue";
}

/** What the attempt waits for before its claim, in words. */
function waitOf({ state, start, detail }: Observation): string | null {
  return state === "pending" || start === "booting" ? detail : null;
}

/**
 * Keeps what the backend shows of attempts, many at once. Before the claim it explains the wait, and
 * ends it when no runner will come; after the claim it is only remembered, because the lease decides.
 */
export async function recordObservations(
  database: Database,
  news: readonly { readonly attempt: ObservableAttempt; readonly observation: Observation }[],
): Promise<void> {
  const author = { actor: "control-plane", cause: "the backend shows no runner for it" };
  await inTransaction(database, (tx) =>
    withChange(tx, author, async (change) => {
      await lockRuns(tx, new Set(news.map(({ attempt }) => attempt.run)));
      const ids = news.map(({ attempt }) => attempt.id);
      const now = new Map((await readObservable(tx, ids)).map((row) => [row.id, row]));
      const current = news.flatMap(({ attempt, observation }) => {
        const row = now.get(attempt.id);
        return row === undefined ? [] : [{ row, observation }];
      });
      const seen = current.map(({ row, observation }) => seenOf(row, observation));
      await keepObservations(tx, seen, after(change, CLAIM_DEADLINE_MS));
      for (const { row, observation } of current) {
        if (row.state === "dispatched") {
          await explainWait(change, row, observation);
        }
      }
    }),
  );
}

function seenOf(row: ObservableAttempt, observation: Observation): SeenAttempt {
  const { id, pending } = row;
  const observed = wordsOf(observation);
  switch (observation.state) {
    case "pending":
      return { id, observed, pending: observation.detail, running: false };
    case "running":
      return { id, observed, pending: waitOf(observation), running: true };
    case "absent":
    case "exited":
      return { id, observed, pending, running: null };
    default:
      return observation.state satisfies never;
  }
}

async function explainWait(change: Change, row: ObservableAttempt, observation: Observation): Promise<void> {
  const { id, run, state: from } = row;
  if (!saysNoRunner(observation)) {
    if (row.pending !== waitOf(observation)) {
      change.touched.add(run);
    }
    return;
  }
  if (observation.state !== "absent" || change.now - row.dispatchedAt.getTime() >= ABSENT_GRACE_MS) {
    const reason = observation.start === "no_image" ? "image_pull" : "runner_start_timeout";
    const end = { id, run, from, to: "failed", reason } as const;
    await endAttempt(change, { ...end, detail: wordsOf(observation), lease: "revoked", stopDelayMs: 0 });
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
