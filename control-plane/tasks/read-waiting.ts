import { readQueuedAttempts, readUse, type GroupColumns, type UseRow } from "../db/admission.ts";
import { readHoldingAttempts, readSharingRuns, type SharingRun } from "../db/concurrency.ts";
import type { Transaction } from "../db/client.ts";
import { readPlan } from "../db/plans.ts";
import type { Member } from "../scheduler/concurrency.ts";
import type { Waiting } from "../scheduler/decide-admission.ts";
import { plannedJob } from "../scheduler/planned-job.ts";
import { remainingPaths } from "../scheduler/remaining-path.ts";
import { candidatesPerLine, cellsKey, type Candidate, type Capacity } from "../scheduler/room.ts";
import { mayMakeWay } from "../scheduler/started.ts";
import type { AttemptId, RunId } from "../../schemas/ids.ts";
import type { Plan, PlanConcurrency } from "../../schemas/plan.ts";
import type { AttemptState } from "../../schemas/states.ts";

/**
 * What a decision about admission needs to know, read under the lock of admission. `isPartial`: more wait than the
 * first `perLine` of each line.
 */
export async function readWaiting(
  tx: Transaction,
  poolCaps: Capacity["poolCaps"],
): Promise<Waiting & { readonly isPartial: boolean; readonly perLine: number }> {
  const use = inUse(await readUse(tx));
  const perLine = candidatesPerLine({ poolCaps, ...use });
  const { attempts, isPartial } = await readQueuedAttempts(tx, perLine);
  const runCaps = new Map<RunId, number>();
  const candidates: Candidate[] = [];
  for (const row of attempts) {
    const plan = await readPlan(tx, row.planDigest);
    const job = plannedJob(plan, row.jobKey);
    const { max_concurrency: runCap } = plan.limits;
    if (runCap !== null) runCaps.set(row.run, runCap);
    const max = job.cells?.max ?? null;
    candidates.push({
      ...row,
      queuedAt: row.queuedAt.getTime(),
      remainingPath: remainingPaths(plan).get(row.jobKey) ?? 1,
      cells: max === null ? null : { of: job.job, max },
      member: memberOf(plan, row, "queued"),
    });
  }
  const inGroups = await readInGroups(tx);
  const capacity = { ...use, poolCaps, runCaps, inGroups };
  return { candidates, capacity, ...(await readRuns(tx)), isPartial, perLine };
}

/** Attempts that have their place. */
async function readInGroups(tx: Transaction): Promise<readonly Member<AttemptId>[]> {
  const members: Member<AttemptId>[] = [];
  for (const row of await readHoldingAttempts(tx)) {
    const member = memberOf(await readPlan(tx, row.planDigest), row, row.state);
    if (member !== null) members.push(member);
  }
  return members;
}

function memberOf(
  plan: Plan,
  row: GroupColumns & { readonly attempt: AttemptId },
  state: AttemptState,
): Member<AttemptId> | null {
  const job = plannedJob(plan, row.jobKey);
  if (job.concurrency === null) return null;
  const isEnding = state === "cancel_requested";
  return {
    id: row.attempt,
    group: groupOf(row, job.concurrency),
    run: row.runNumber,
    label: `${row.jobKey} of run ${row.runNumber}`,
    holds: state !== "queued",
    isEnding,
    mayBeEnded: !isEnding && mayMakeWay(job, { state, number: row.number }),
  };
}

/** Runs from forks share no group with others: whoever writes their pipeline could stop every deployment. */
function groupOf(
  { repository, trust }: Pick<GroupColumns, "repository" | "trust">,
  { group, limit, on_conflict: onConflict }: PlanConcurrency,
): Member<AttemptId>["group"] {
  return { key: `${repository} ${trust} ${group}`, name: group, limit, onConflict };
}

async function readRuns(tx: Transaction): Promise<Pick<Waiting, "runs" | "yielding">> {
  const runs: Member<RunId>[] = [];
  const yielding = new Map<RunId, string>();
  for (const row of await readSharingRuns(tx)) {
    if (row.yieldsTo !== null) yielding.set(row.run, nameOfRun(row.yieldsTo));
    const { concurrency } = await readPlan(tx, row.planDigest);
    if (concurrency !== null) runs.push(memberOfRun(row, concurrency));
  }
  return { runs, yielding };
}

function memberOfRun(row: SharingRun, concurrency: PlanConcurrency): Member<RunId> {
  const { run: id, number: run, holds, isEnding } = row;
  const label = nameOfRun(run);
  return { id, group: groupOf(row, concurrency), run, label, holds, isEnding, mayBeEnded: !isEnding };
}

function nameOfRun(number: number): string {
  return `run ${number}`;
}

function inUse(use: readonly UseRow[]): Pick<Capacity, "inPool" | "inRun" | "inRepository" | "inCells"> {
  const count = <Key>(keyOf: (row: UseRow) => Key): Map<Key, number> => {
    const counts = new Map<Key, number>();
    for (const row of use) {
      counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + row.attempts);
    }
    return counts;
  };
  return {
    inPool: count((row) => row.pool),
    inRun: count((row) => row.run),
    inRepository: count((row) => row.repository),
    // Attempts without such a bound are counted under a key that nobody asks for.
    inCells: count((row) => cellsKey(row.run, row.cellsOf ?? "")),
  };
}
