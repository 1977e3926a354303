import type { Decision, Plan } from "../../schemas/plan.ts";

/** A key names one decision, a job id those of all cells of its matrix. Empty when the plan has no such job. */
export function findDecisions({ decisions }: Plan, job: string): readonly Decision[] {
  const exact = decisions.filter(({ key }) => key === job);
  return exact.length > 0 ? exact : decisions.filter(({ job: id }) => id === job);
}
