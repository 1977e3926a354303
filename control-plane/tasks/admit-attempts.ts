import { tryAdmissionLock, writePending, writePendingOfOthers } from "../db/admission.ts";
import { holdRunPlaces, readRunsOf } from "../db/concurrency.ts";
import { wakeAgain } from "../db/enqueue.ts";
import { inTransaction } from "../db/in-transaction.ts";
import { lockRuns } from "../db/state-change.ts";
import { withChange, type Change } from "../lifecycle/change.ts";
import { beginDispatch } from "../lifecycle/dispatch.ts";
import { supersedeAttempts, supersedeRuns } from "../lifecycle/supersede.ts";
import type { Superseded } from "../scheduler/concurrency.ts";
import { decideAdmission, type AdmissionDecision } from "../scheduler/decide-admission.ts";
import type { Candidate } from "../scheduler/room.ts";
import type { TaskContext } from "./context.ts";
import { readWaiting } from "./read-waiting.ts";

const AUTHOR = { actor: "control-plane", cause: "admitted" };

/** Another control plane may have looked before our rows were there; so soon it is looked at again. */
const AGAIN_MS = 25;
/** Ended in one pass, with some statements each, while nobody else is admitted. */
const MAKING_WAY_MAX = 100;
/** Each with all of its attempts. */
const RUNS_MAKING_WAY_MAX = 10;

/**
 * Decides which of the waiting attempts are dispatched now, tells the others why they wait, and ends what makes way
 * for something newer. True when some are to be dispatched.
 */
export async function admitAttempts({ database, poolCaps, serverKey }: TaskContext): Promise<boolean> {
  return inTransaction(database, (tx) =>
    withChange(tx, AUTHOR, async (change) => {
      if (!(await tryAdmissionLock(tx))) {
        change.wakes.push(wakeAgain("admit-attempts", AGAIN_MS));
        return false;
      }
      const { isPartial, perLine, ...waiting } = await readWaiting(tx, poolCaps);
      const decision = decideAdmission(waiting);
      const chosen = new Set(decision.admitted);
      const admittedOf = Map.groupBy(
        waiting.candidates.filter(({ attempt }) => chosen.has(attempt)),
        ({ run }) => run,
      );
      const supersededAttempts = firstOf(decision.supersededAttempts, MAKING_WAY_MAX);
      const supersededRuns = firstOf(decision.supersededRuns, RUNS_MAKING_WAY_MAX);
      const makingWay = await readRunsOf(tx, [...supersededAttempts.keys()]);
      await lockRuns(tx, new Set([...admittedOf.keys(), ...supersededRuns.keys(), ...makingWay]));
      await supersedeRuns(change, supersededRuns);
      await supersedeAttempts(change, supersededAttempts);
      await holdRunPlaces(tx, [...admittedOf.keys()]);
      for (const [run, attempts] of admittedOf) {
        await beginDispatch(change, { ids: attempts.map(({ attempt }) => attempt), run, serverKey });
      }
      // Where some were let in, those that were not looked at are next, and need no reason yet.
      const goesOn = isPartial && chosen.size > 0;
      await explain(change, waiting.candidates, decision.pending, isPartial && !goesOn ? perLine : null);
      if (goesOn) {
        change.wakes.push(wakeAgain("admit-attempts", 0));
      }
      return chosen.size > 0;
    }),
  );
}

/** Each end wakes admission again, so the rest follows. */
function firstOf<Id>(superseded: Superseded<Id>, most: number): Superseded<Id> {
  return new Map([...superseded].slice(0, most));
}

/** Tells those that wait why; `perLine`: also those that so many come before, null when nobody is told that. */
async function explain(
  change: Change,
  lookedAt: readonly Candidate[],
  pending: AdmissionDecision["pending"],
  perLine: number | null,
): Promise<void> {
  const { tx, touched } = change;
  const ids = lookedAt.map(({ attempt }) => attempt);
  const others = perLine === null ? [] : await writePendingOfOthers(tx, ids, perLine);
  for (const run of [...(await writePending(tx, pending)), ...others]) {
    touched.add(run);
  }
}
