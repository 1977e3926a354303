import type { Plan, PlanJob } from "../../schemas/plan.ts";

const cache = new WeakMap<Plan, ReadonlyMap<string, PlanJob>>();

/** A job of the plan by its key. Throws when the plan does not run it: rows and plan are written together. */
export function plannedJob(plan: Plan, key: string): PlanJob {
  const jobs = cache.get(plan) ?? new Map(plan.jobs.map((job) => [job.key, job]));
  cache.set(plan, jobs);
  const job = jobs.get(key);
  if (job === undefined) {
    throw new Error(`the plan does not run job ${key}`);
  }
  return job;
}
