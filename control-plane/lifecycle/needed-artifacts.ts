import { readLeftArtifacts, type LeftArtifact } from "../db/artifacts.ts";
import type { Connection } from "../db/client.ts";
import type { RunId } from "../../schemas/ids.ts";
import type { NeededArtifact } from "../../schemas/artifact-messages.ts";
import type { PlanJob } from "../../schemas/plan.ts";

/**
 * What a job finds of the jobs it needs, in the order of its needs and of the names in each. What a job did
 * not leave is not in the list. What it needs has ended before it starts, and keeps its artifacts for as
 * long as the run lives, so each asking gives the same.
 */
export async function neededArtifacts(
  connection: Connection,
  run: RunId,
  job: PlanJob,
): Promise<readonly NeededArtifact[]> {
  const left = await leftByNeeded(connection, run, job);
  return left.filter(({ removed }) => !removed).map(({ removed: _removed, ...artifact }) => artifact);
}

/** The same with what has been removed. */
export async function leftByNeeded(
  connection: Connection,
  run: RunId,
  job: PlanJob,
): Promise<readonly LeftArtifact[]> {
  const asking = job.needs.filter(({ artifacts }) => artifacts.length > 0);
  if (asking.length === 0) return [];
  const keys = asking.map((need) => need.job);
  const left = await readLeftArtifacts(connection, run, keys);
  const found = new Map(left.map((artifact) => [`${artifact.job_key} ${artifact.name}`, artifact]));
  const wanted = new Set(asking.flatMap((need) => need.artifacts.map((name) => `${need.job} ${name}`)));
  return [...wanted].flatMap((key) => found.get(key) ?? []);
}
