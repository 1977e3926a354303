import { readQueuedAttempts, readUse, tryAdmissionLock, writePending, type UseRow } from "../db/admission.ts";
import { wakeAgain } from "../db/enqueue.ts";
import { inTransaction } from "../db/in-transaction.ts";
import { readPlan } from "../db/plans.ts";
import { lockRuns } from "../db/state-change.ts";
import type { Transaction } from "../db/client.ts";
import { withChange } from "../lifecycle/change.ts";
import { beginDispatch } from "../lifecycle/dispatch.ts";
import { admit, type Candidate, type Capacity } from "../scheduler/admission.ts";
import { remainingPaths } from "../scheduler/remaining-path.ts";
import type { RunId } from "../../schemas/ids.ts";
import type { TaskContext } from "./context.ts";

const AUTHOR = { actor: "control-plane", cause: "admitted" };

/** Another control plane may have looked before our rows were there; so soon it is looked at again. */
const AGAIN_MS = 25;

/**
 * Decides which of the waiting attempts are dispatched now, and tells the others why they wait. True when
 * some are to be dispatched.
 */
export async function admitAttempts({ database, poolCaps, serverKey }: TaskContext): Promise<boolean> {
  return inTransaction(database, (tx) =>
    withChange(tx, AUTHOR, async (change) => {
      if (!(await tryAdmissionLock(tx))) {
        change.wakes.push(wakeAgain("admit-attempts", AGAIN_MS));
        return false;
      }
      const { candidates, runCaps, isPartial } = await readCandidates(tx);
      if (candidates.length === 0) {
        return false;
      }
      const capacity = capacityOf(await readUse(tx), poolCaps, runCaps);
      const { admitted, pending } = admit(candidates, capacity);
      const chosen = new Set(admitted);
      const admittedOf = Map.groupBy(
        candidates.filter(({ attempt }) => chosen.has(attempt)),
        ({ run }) => run,
      );
      await lockRuns(tx, new Set(admittedOf.keys()));
      for (const [run, attempts] of admittedOf) {
        await beginDispatch(change, { ids: attempts.map(({ attempt }) => attempt), run, serverKey });
      }
      for (const run of await writePending(tx, pending)) {
        change.touched.add(run);
      }
      if (isPartial && admitted.length > 0) {
        change.wakes.push(wakeAgain("admit-attempts", 0));
      }
      return admitted.length > 0;
    }),
  );
}

async function readCandidates(tx: Transaction): Promise<{
  readonly candidates: readonly Candidate[];
  readonly runCaps: ReadonlyMap<RunId, number>;
  /** More wait than were looked at. */
  readonly isPartial: boolean;
}> {
  const runCaps = new Map<RunId, number>();
  const candidates: Candidate[] = [];
  const pathsOf = new Map<string, ReturnType<typeof remainingPaths>>();
  const { attempts, isPartial } = await readQueuedAttempts(tx);
  for (const { queuedAt, jobKey, planDigest, ...attempt } of attempts) {
    const plan = await readPlan(tx, planDigest);
    const paths = pathsOf.get(planDigest) ?? remainingPaths(plan);
    pathsOf.set(planDigest, paths);
    if (plan.limits.max_concurrency !== null) {
      runCaps.set(attempt.run, plan.limits.max_concurrency);
    }
    const remainingPath = paths.get(jobKey) ?? 1;
    candidates.push({ ...attempt, remainingPath, queuedAt: queuedAt.getTime() });
  }
  return { candidates, runCaps, isPartial };
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
