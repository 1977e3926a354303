import type { Decision, DecisionOutcome, Plan } from "../../schemas/plan.ts";

/** What a reader is shown of the decisions of one outcome: some in full, and of the others how many. */
export interface PlanRow {
  readonly outcome: DecisionOutcome;
  readonly decision: Decision | null;
  /** In place of a decision: how many are left out, of one job or of all. */
  readonly more: { readonly count: number; readonly job: string | null } | null;
}

/** Instances of one job with one outcome that are all told; of more, the first ones speak for the others. */
const INSTANCES_TOLD_MAX = 12;
const INSTANCES_SHOWN = 5;
/** Jobs of a plan that do not run and are all told: a reader of more looks for one, and `why-not` answers that. */
const LEFT_OUT_TOLD_MAX = 40;
const LEFT_OUT_SHOWN = 20;

/** The jobs that run, in the order of the plan, then what is blocked, then what is left out. */
export function inReadingOrder({ jobs, decisions }: Plan): readonly Decision[] {
  const byKey = new Map(decisions.map((decision) => [decision.key, decision]));
  const run = jobs.flatMap(({ key }) => byKey.get(key) ?? []);
  const rest = (outcome: DecisionOutcome) => decisions.filter((decision) => decision.outcome === outcome);
  return [...run, ...rest("blocked"), ...rest("skipped")];
}

/** The rows of a plan, in reading order; each is a decision when `full`. */
export function planRows(plan: Plan, full: boolean): readonly PlanRow[] {
  const groups = Map.groupBy(inReadingOrder(plan), ({ outcome }) => outcome);
  return [...groups].flatMap(([outcome, decisions]) => {
    const told = (decision: Decision): PlanRow => ({ outcome, decision, more: null });
    if (full) return decisions.map(told);
    const rows = withFewInstances(decisions).map(
      (row): PlanRow => ("key" in row ? told(row) : { outcome, decision: null, more: row }),
    );
    if (outcome === "selected" || rows.length <= LEFT_OUT_TOLD_MAX) return rows;
    const left = rows.slice(LEFT_OUT_SHOWN);
    const count = left.reduce((sum, { more }) => sum + (more?.count ?? 1), 0);
    return [...rows.slice(0, LEFT_OUT_SHOWN), { outcome, decision: null, more: { count, job: null } }];
  });
}

type Told = Decision | { readonly count: number; readonly job: string };

function withFewInstances(decisions: readonly Decision[]): readonly Told[] {
  const sizes = new Map<string, number>();
  for (const { job } of decisions) sizes.set(job, (sizes.get(job) ?? 0) + 1);
  const shown = new Map<string, number>();
  return decisions.flatMap((decision): readonly Told[] => {
    const { job } = decision;
    const size = sizes.get(job) ?? 0;
    const before = shown.get(job) ?? 0;
    shown.set(job, before + 1);
    if (size <= INSTANCES_TOLD_MAX || before < INSTANCES_SHOWN) return [decision];
    return before === INSTANCES_SHOWN ? [{ count: size - INSTANCES_SHOWN, job }] : [];
  });
}
