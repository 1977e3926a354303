import type { JobModel, NeedModel } from "../language/model.ts";
import { named } from "./sentence.ts";
import { type Verdict, verdict } from "./verdict.ts";

/**
 * Brings verdicts and `needs` together, jobs in an order in which what is needed comes first.
 *
 * A selected job's `success` needs are selected as well when they were left out only because nothing
 * they cover changed: running too much is safe, and a dependent that silently lost what it builds on
 * is not. A need that its own `if`, a rule or a person's request left out blocks the dependent, and
 * what is blocked blocks on. `skipped_ok` waits for the need when it runs and does without it when
 * the plan skipped it, `done` does without it in every case.
 *
 * What would run and is refused blocks likewise, and pulls nothing in.
 */
export function settleNeeds(
  ordered: readonly JobModel[],
  judged: ReadonlyMap<string, Verdict>,
  refusalOf: (job: JobModel) => Verdict | null,
): ReadonlyMap<string, Verdict> {
  const settled = new Map(judged);
  for (const job of ordered.toReversed()) {
    const own = settled.get(job.key);
    if (own?.outcome !== "selected") continue;
    const refusal = refusalOf(job);
    if (refusal !== null) {
      settled.set(job.key, refusal);
      continue;
    }
    for (const { need, key } of needsOf(job)) {
      const needed = settled.get(key);
      if (need.when === "success" && needed?.outcome === "skipped" && mayBePulledIn(needed)) {
        const because = `${named(job.key)} needs it, though ${needed.because}`;
        settled.set(key, verdict("selected", "needs", because, need.job.span, { uncertain: own.uncertain }));
      }
    }
  }
  for (const job of ordered) {
    if (settled.get(job.key)?.outcome !== "selected") continue;
    const blocker = needsOf(job).find(({ need, key }) => isBlocking(need, settled.get(key)));
    if (blocker === undefined) continue;
    const left = settled.get(blocker.key);
    const why = left?.because ?? "it is not there";
    // What blocks for a need of its own says so in its own decision; a chain of them would never end here.
    const blocked = left?.clause === "trust" ? `is blocked: ${why}` : "is blocked";
    const state = left?.outcome === "blocked" ? blocked : `does not run: ${why}`;
    const because = `it needs ${named(blocker.key)}, which ${state}`;
    settled.set(job.key, verdict("blocked", "needs", because, blocker.need.job.span));
  }
  return settled;
}

function needsOf(job: JobModel): readonly { readonly need: NeedModel; readonly key: string }[] {
  return job.needs.flatMap((need) => need.keys.map((key) => ({ need, key })));
}

/** Skipped for lack of changes alone; an `if`, a rule or `on` said no on purpose. */
function mayBePulledIn(needed: Verdict): boolean {
  return needed.clause === "changes" || needed.clause === "components";
}

function isBlocking(need: NeedModel, needed: Verdict | undefined): boolean {
  if (needed === undefined || needed.outcome === "selected") return false;
  if (need.when === "success") return true;
  return need.when === "skipped_ok" && needed.outcome === "blocked";
}

/** Every job after what it needs; among those that are ready, the order written. Circles are found before. */
export function inNeedOrder(jobs: readonly JobModel[]): readonly JobModel[] {
  const byKey = new Map(jobs.map((job) => [job.key, job]));
  const placed = new Set<string>();
  const ordered: JobModel[] = [];
  for (const start of jobs) {
    if (placed.has(start.key)) continue;
    if (start.needs.length === 0) {
      placed.add(start.key);
      ordered.push(start);
      continue;
    }
    const stack = [{ job: start, keys: neededKeys(start), next: 0 }];
    placed.add(start.key);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const key = top.keys[top.next];
      top.next += 1;
      if (key === undefined) {
        ordered.push(top.job);
        stack.pop();
        continue;
      }
      const needed = byKey.get(key);
      if (needed === undefined || placed.has(key)) continue;
      placed.add(key);
      stack.push({ job: needed, keys: neededKeys(needed), next: 0 });
    }
  }
  return ordered;
}

function neededKeys(job: JobModel): readonly string[] {
  return job.needs.flatMap(({ keys }) => keys);
}
