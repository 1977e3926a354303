import { integer } from "@oclif/core/flags";
import type { PlanLimits } from "../compiler/index.ts";
import { PLAN_JOBS_CEILING, PLAN_JOBS_MAX } from "../schemas/limits.ts";

/** How large a plan may be here. A control plane has a limit of its own under the same variable. */
export const limitFlags = {
  "max-jobs": integer({
    summary: `Jobs that a plan may have, up to ${PLAN_JOBS_CEILING}; also DELTA_PLAN_JOBS_MAX.`,
    helpValue: "N",
    min: 1,
    max: PLAN_JOBS_CEILING,
    default: PLAN_JOBS_MAX,
    env: "DELTA_PLAN_JOBS_MAX",
  }),
};

export function limitsOf(flags: { readonly "max-jobs": number }): PlanLimits {
  return { jobs: flags["max-jobs"] };
}
