import type { Place, Span } from "../../schemas/diagnostic.ts";
import type { PlanJob } from "../../schemas/plan.ts";
import { quote } from "../diagnostics/quote.ts";
import type { Report } from "../diagnostics/report.ts";
import type { Scope } from "../expressions/index.ts";
import type { PlanLimits } from "../input.ts";
import type { JobModel } from "../language/model.ts";
import { withRuleSet } from "../language/rule-set.ts";
import { checkImages, checkJob, withCeilings } from "../policy/check-jobs.ts";
import type { EffectivePolicy } from "../policy/effective.ts";
import type { Verdict } from "../selection/verdict.ts";
import type { PlannedJobs } from "./planned-jobs.ts";
import { SharedParts } from "./shared-parts.ts";
import { planCharactersMax, PlanSize, reportTooLong } from "./plan-size.ts";

export interface PlanJobsContext {
  readonly verdicts: ReadonlyMap<string, Verdict>;
  readonly policy: EffectivePolicy;
  readonly scopeOf: (job: JobModel) => Scope;
  readonly placeOf: (span: Span) => Place;
  readonly report: Report;
  readonly limits: PlanLimits;
  /** What earlier plans of the same pipeline made of `written`, its jobs before anything is set or expanded. */
  readonly remembered: PlannedJobs;
  readonly written: readonly JobModel[];
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

/**
 * The selected jobs of a plan. `ordered` holds every job, settled, after what it needs. Ends early, with a finding,
 * where jobs and decisions together are more than a plan may hold.
 */
export function planJobs(
  ordered: readonly JobModel[],
  { verdicts, policy, scopeOf, placeOf, report, limits, remembered, written }: PlanJobsContext,
): readonly PlanJob[] {
  const planned = new Map<string, PlanJob>();
  const lasting = new Set(written);
  const size = new PlanSize(planCharactersMax(limits));
  const shared = new SharedParts();
  const outcomeOf = (key: string) => verdicts.get(key)?.outcome;
  for (const job of ordered) {
    const verdict = verdicts.get(job.key);
    if (verdict === undefined) continue;
    const { because, matched, chain, expression, values } = verdict;
    size.add([job.key, because, matched, chain, expression, values]);
    if (verdict.outcome === "selected") {
      const context = {
        scope: scopeOf(job),
        report,
        placeOf,
        outcomeOf,
        start: verdict.start,
        shared,
        planned,
      };
      const own = remembered.plan(job, context, { size, isLasting: lasting.has(job) });
      checkImages({ job, planned: own }, policy, report);
      planned.set(job.key, own);
    }
    if (size.isPast) {
      reportTooLong(report, limits, { what: `With ${quote(job.key)}`, span: job.span });
      break;
    }
  }
  return [...planned.values()];
}
