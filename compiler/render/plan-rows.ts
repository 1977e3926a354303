import type { Decision, DecisionOutcome, Plan } from "../../schemas/plan.ts";
import { fewAlike } from "./few-alike.ts";

/** What a reader is shown of the decisions of one outcome: some in full, and of the others how many. */
export interface PlanRow {
  readonly outcome: DecisionOutcome;
  readonly decision: Decision | null;
  /** In place of a decision: how many are left out, of one job or of all. */
  readonly more: { readonly count: number; readonly job: string | null } | null;
}

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
    const rows = fewAlike(decisions, ({ job }) => job).map(
      (row): PlanRow =>
        "more" in row ? { outcome, decision: null, more: { count: row.more, job: row.like.job } } : told(row),
    );
    if (outcome === "selected" || rows.length <= LEFT_OUT_TOLD_MAX) return rows;
    const left = rows.slice(LEFT_OUT_SHOWN);
    const count = left.reduce((sum, { more }) => sum + (more?.count ?? 1), 0);
    return [...rows.slice(0, LEFT_OUT_SHOWN), { outcome, decision: null, more: { count, job: null } }];
  });
}
