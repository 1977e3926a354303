import { completeAttempt } from "../../control-plane/lifecycle/complete.ts";
import { acknowledgeLease } from "../../control-plane/lifecycle/heartbeat.ts";
import { sweep } from "../../control-plane/tasks/sweep.ts";
import type { AttemptId, RunId } from "../../schemas/ids.ts";
import { TEST_TIMING, type World } from "./control-plane-world.ts";
import { testJob, testPlan } from "./plans.ts";

export async function runOf(world: World): Promise<{ run: RunId; attempt: AttemptId }> {
  const run = await world.planned(testPlan([testJob("a")]));
  await world.dispatchAll(run);
  const { id: attempt } = await world.attemptOf(run, "a");
  return { run, attempt };
}

export async function sweepOnce({ database, context }: World, outageMs = 600_000): Promise<void> {
  await sweep({ database, timing: { intervalMs: 1, outageMs, ttlMs: TEST_TIMING.ttlMs }, log: context.log });
}

export async function waiting({ database }: World): Promise<string[]> {
  const rows = await database<{ key: string }[]>`select key from graphile_worker.jobs order by key`;
  return rows.map(({ key }) => key);
}

export async function succeed(world: World, attempt: AttemptId): Promise<void> {
  const { id, token, epoch } = await world.claimed(attempt);
  const sender = { leaseId: id, token };
  await acknowledgeLease(world.database, sender, { epoch, seq: 1 });
  const end = {
    epoch,
    seq: 1,
    outcome: "succeeded",
    reason: "ok",
    exit_code: 0,
    summary: "",
    steps: [],
  } as const;
  await completeAttempt(world.database, sender, { ...end, steps: [] });
}
