import { PLAN_JOBS_CEILING, PLAN_JOBS_MAX } from "../../schemas/limits.ts";
import type { Span } from "../../schemas/diagnostic.ts";
import type { Report } from "../diagnostics/report.ts";
import type { PlanLimits } from "../input.ts";

/** What holds where nobody says otherwise. */
export const PLAN_LIMITS_DEFAULT: PlanLimits = { jobs: PLAN_JOBS_MAX };
/** Needs for each allowed job. A plan's edges stay linear in its jobs, with room for a fan-in of 100 on 100. */
const NEEDS_PER_JOB_MAX = 10;

/** Edges between job instances in one plan: 10,000 unless the operators allow more jobs. */
export function needEdgesMax({ jobs }: PlanLimits): number {
  return jobs * NEEDS_PER_JOB_MAX;
}

/** Reports (DC1205) that a job takes the plan past a limit, and who may raise it how far. */
export function reportTooLarge(
  report: Report,
  limits: PlanLimits,
  { what, span, remedy = "" }: { readonly what: string; readonly span: Span; readonly remedy?: string },
): void {
  report.add("DC1205", span, `${what}${remedy}; ${whoRaises(limits)}`);
}

function whoRaises({ jobs }: PlanLimits): string {
  if (jobs >= PLAN_JOBS_CEILING) return "that is as far as the limit goes, so split the pipeline";
  return `operators can raise the limit of ${jobs} jobs up to ${PLAN_JOBS_CEILING} (DELTA_PLAN_JOBS_MAX, \`--max-jobs\`)`;
}
