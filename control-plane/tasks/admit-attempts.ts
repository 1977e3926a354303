import { readQueuedAttempts, readUse, tryAdmissionLock, writePending, type UseRow } from "../db/admission.ts";
import { inTransaction } from "../db/in-transaction.ts";
import { readPlan } from "../db/plans.ts";
import { lockRun } from "../db/state-change.ts";
import type { Transaction } from "../db/client.ts";
import { withChange } from "../lifecycle/change.ts";
import { beginDispatch } from "../lifecycle/dispatch.ts";
import { admit, type Candidate, type Capacity } from "../scheduler/admission.ts";
import { remainingPaths } from "../scheduler/remaining-path.ts";
import type { RunId } from "../../schemas/ids.ts";
import type { TaskContext } from "./context.ts";

const AUTHOR = { actor: "control-plane", cause: "admitted" };

/** Decides which of the waiting attempts are dispatched now, and tells the others why they wait. */
export async function admitAttempts({ database, poolCaps, serverKey }: TaskContext): Promise<void> {
  await inTransaction(database, (tx) =>
    withChange(tx, AUTHOR, async (change) => {
      if (!(await tryAdmissionLock(tx))) {
        return;
      }
      const { candidates, runCaps } = await readCandidates(tx);
      if (candidates.length === 0) {
        return;
      }
      const capacity = capacityOf(await readUse(tx), poolCaps, runCaps);
      const { admitted, pending } = admit(candidates, capacity);
      const runs = new Map(candidates.map(({ attempt, run }) => [attempt, run]));
      for (const attempt of admitted) {
        const run = runs.get(attempt) as RunId;
        await lockRun(tx, run);
        await beginDispatch(change, { id: attempt, run, serverKey });
      }
      for (const run of await writePending(tx, pending)) {
        change.touched.add(run);
      }
    }),
  );
}

async function readCandidates(
  tx: Transaction,
): Promise<{ readonly candidates: readonly Candidate[]; readonly runCaps: ReadonlyMap<RunId, number> }> {
  const runCaps = new Map<RunId, number>();
  const candidates: Candidate[] = [];
  for (const { queuedAt, jobKey, planDigest, ...attempt } of await readQueuedAttempts(tx)) {
    const plan = await readPlan(tx, planDigest);
    if (plan.limits.max_concurrency !== null) {
      runCaps.set(attempt.run, plan.limits.max_concurrency);
    }
    const remainingPath = remainingPaths(plan).get(jobKey) ?? 1;
    candidates.push({ ...attempt, remainingPath, queuedAt: queuedAt.getTime() });
  }
  return { candidates, runCaps };
}

function capacityOf(
  use: readonly UseRow[],
  poolCaps: Capacity["poolCaps"],
  runCaps: ReadonlyMap<RunId, number>,
): Capacity {
  const count = <Key>(keyOf: (row: UseRow) => Key): Map<Key, number> => {
    const counts = new Map<Key, number>();
    for (const row of use) {
      counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + row.attempts);
    }
    return counts;
  };
  return {
    poolCaps,
    runCaps,
    inPool: count((row) => row.pool),
    inRun: count((row) => row.run),
    inRepository: count((row) => row.repository),
  };
}
