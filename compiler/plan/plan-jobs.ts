import type { Place, Span } from "../../schemas/diagnostic.ts";
import type { PlanJob } from "../../schemas/plan.ts";
import type { Report } from "../diagnostics/report.ts";
import type { Scope } from "../expressions/index.ts";
import type { JobModel } from "../language/model.ts";
import { withRuleSet } from "../language/rule-set.ts";
import { checkImages, checkJob, withCeilings } from "../policy/check-jobs.ts";
import type { EffectivePolicy } from "../policy/effective.ts";
import type { Verdict } from "../selection/verdict.ts";
import { planJob } from "./plan-job.ts";

export interface PlanJobsContext {
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly policy: EffectivePolicy;
  readonly scopeOf: (job: JobModel) => Scope;
  readonly placeOf: (span: Span) => Place;
  readonly report: Report;
}

/** The jobs as the rules that decided set them, within the policies; what one asks for past those is reported. */
export function settleJobs(
  jobs: readonly JobModel[],
  { verdicts, policy, report }: Pick<PlanJobsContext, "verdicts" | "policy" | "report">,
): readonly JobModel[] {
  return jobs.map((job) => {
    const settled = withCeilings(withRuleSet(job, verdicts.get(job.key)?.rule?.set ?? null), policy);
    checkJob(settled, policy, report);
    return settled;
  });
}

/** The selected jobs of a plan. `ordered` holds every job, settled, after what it needs. */
export function planJobs(
  ordered: readonly JobModel[],
  { verdicts, policy, scopeOf, placeOf, report }: PlanJobsContext,
): readonly PlanJob[] {
  const planned = new Map<string, PlanJob>();
  const outcomeOf = (key: string) => verdicts.get(key)?.outcome;
  for (const job of ordered) {
    const verdict = verdicts.get(job.key);
    if (verdict?.outcome !== "selected") continue;
    const context = { scope: scopeOf(job), report, placeOf, outcomeOf, start: verdict.start, planned };
    const own = planJob(job, context);
    checkImages({ job, planned: own }, policy, report);
    planned.set(job.key, own);
  }
  return [...planned.values()];
}
