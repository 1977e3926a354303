import type { Decision, Plan } from "../../schemas/plan.ts";

/** A key names one decision, a job id those of all cells of its matrix. Empty when the plan has no such job. */
export function findDecisions({ decisions }: Plan, job: string): readonly Decision[] {
  return ofJob(decisions, job);
}

/** The same for anything that belongs to instances of jobs. */
export function ofJob<Item extends { readonly key: string }>(
  items: readonly Item[],
  job: string,
): readonly Item[] {
  const exact = items.filter(({ key }) => key === job);
  return exact.length > 0 ? exact : items.filter(({ key }) => key.startsWith(`${job}[`));
}

/** The id in the key of an instance, and an id itself. */
export function jobIdOf(key: string): string {
  return key.replace(/\[.*/s, "");
}
