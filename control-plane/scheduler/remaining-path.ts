import type { Plan } from "../../schemas/plan.ts";

const cache = new WeakMap<Plan, ReadonlyMap<string, number>>();

/** For each job of the plan, how many jobs are on the longest way from it to the end, itself included. */
export function remainingPaths(plan: Plan): ReadonlyMap<string, number> {
  const known = cache.get(plan);
  if (known !== undefined) {
    return known;
  }
  const paths = new Map(plan.jobs.map((job) => [job.key, 1]));
  // Every job comes after what it needs, so that the way from a job is known before those it needs are met.
  for (const job of plan.jobs.toReversed()) {
    const own = paths.get(job.key) ?? 1;
    for (const need of job.needs) {
      paths.set(need.job, Math.max(paths.get(need.job) ?? 1, own + 1));
    }
  }
  cache.set(plan, paths);
  return paths;
}
