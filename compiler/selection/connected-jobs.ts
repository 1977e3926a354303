import type { JobModel } from "../language/model.ts";

/**
 * The jobs that `needs` connect with one, in whichever direction and however far, with all their cells. No
 * other job has a part in whether it runs.
 */
export function connectedJobs(jobs: readonly JobModel[], id: string): readonly JobModel[] {
  const idOf = new Map(jobs.map((job) => [job.key, job.id]));
  const neighbours = new Map<string, Set<string>>();
  const connect = (from: string, to: string): void => {
    const known = neighbours.get(from);
    if (known === undefined) neighbours.set(from, new Set([to]));
    else known.add(to);
  };
  for (const job of jobs) {
    for (const key of job.needs.flatMap(({ keys }) => keys)) {
      const needed = idOf.get(key);
      if (needed === undefined) continue;
      connect(job.id, needed);
      connect(needed, job.id);
    }
  }
  const reached = new Set([id]);
  // A set grows while it is walked, which makes it the queue too.
  for (const one of reached) for (const other of neighbours.get(one) ?? []) reached.add(other);
  return jobs.filter((job) => reached.has(job.id));
}
