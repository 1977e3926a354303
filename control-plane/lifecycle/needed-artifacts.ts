import { readLeftArtifacts, type LeftArtifact } from "../db/artifacts.ts";
import type { Connection } from "../db/client.ts";
import type { RunId } from "../../schemas/ids.ts";
import type { AbsentArtifact, NeededArtifact } from "../../schemas/artifact-messages.ts";
import type { PlanJob } from "../../schemas/plan.ts";

/** What a job finds of the jobs it needs, in the order of its needs and of the names in each. */
export interface NeededArtifacts {
  readonly present: readonly NeededArtifact[];
  readonly absent: readonly AbsentArtifact[];
}

/**
 * What a job needs has ended before it starts, and keeps its artifacts for as long as the run lives, so each
 * asking gives the same.
 */
export async function neededArtifacts(
  connection: Connection,
  run: RunId,
  job: PlanJob,
): Promise<NeededArtifacts> {
  const left = (await leftByNeeded(connection, run, job)).filter(({ removed }) => !removed);
  const found = new Set(left.map(({ job_key, name }) => `${job_key} ${name}`));
  const asked = job.needs.flatMap(({ job: job_key, artifacts }) =>
    artifacts.map((name) => ({ job_key, name })),
  );
  return {
    present: left.map(({ removed: _removed, ...artifact }) => artifact),
    absent: asked.filter(({ job_key, name }) => !found.has(`${job_key} ${name}`)),
  };
}

/** What the needed jobs left, in that order, with what has been removed. */
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
