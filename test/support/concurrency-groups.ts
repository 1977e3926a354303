import type { RunId } from "../../schemas/ids.ts";
import type { PlanJob } from "../../schemas/plan.ts";
import type { World } from "./control-plane-world.ts";
import { playRunner, type PlayedRunner } from "./play-runner.ts";
import { testJob, testPlan } from "./plans.ts";

export const GROUP = { group: "deploy", limit: 1, on_conflict: "queue" } as const;
export const IN_USE = "waits for concurrency group deploy: 1 of 1 in use, by deploy of run 1";

export const deploy = (changes: Partial<PlanJob> = {}): PlanJob =>
  testJob("deploy", { concurrency: GROUP, ...changes });

/** A run whose one job deploys, as far as admission takes it. */
export async function deploying(world: World, changes: Partial<PlanJob> = {}): Promise<RunId> {
  const run = await world.planned(testPlan([deploy(changes)]));
  await world.dispatchAll(run);
  return run;
}

export async function runnerOf(world: World, run: RunId, job = "deploy"): Promise<PlayedRunner> {
  return playRunner(world, (await world.attemptOf(run, job)).id);
}

export async function stateOf(world: World, run: RunId, job = "deploy") {
  const { state, pending } = await world.attemptOf(run, job);
  return [state, pending];
}

/** How a run's one job ended, or that it has not. */
export async function endOf(world: World, run: RunId): Promise<unknown> {
  await world.advance(run);
  const [row] = await world.database`
    select state, reason, reason_detail as detail from delta.jobs where run_id = ${run}`;
  return { ...row };
}
