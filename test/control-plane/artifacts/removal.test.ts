import { describe, expect, test } from "vitest";
import { Mirror } from "../../../control-plane/git/mirror.ts";
import { removeOld } from "../../../control-plane/tasks/remove-old.ts";
import { artifactWorld, KEPT_MS, testArtifact } from "../../support/artifact-world.ts";
import { needs, testJob, testPlan } from "../../support/plans.ts";

const DAY_MS = 24 * 60 * 60_000;

/** A run whose first job left two artifacts and one half, and whose second has not begun. */
async function left() {
  const world = await artifactWorld();
  const { database, blobs, context, runner, leave, send } = world;
  const mirror = new Mirror(`${world.root}/mirrors`, { plainHttpHosts: [], localPaths: true });
  const retention = { deliveryBodiesMs: DAY_MS, commitsMs: DAY_MS, messagesMs: DAY_MS, artifactsMs: KEPT_MS };
  const remove = () => removeOld({ database, blobs, mirror, retention, log: context.log });
  const artifacts = ["short", "long", "half"].map((name) => testArtifact(name));
  const wants = needs(["a"]).map((need) => ({ ...need, artifacts: ["short"] }));
  const run = await world.planned(testPlan([testJob("a", { artifacts }), testJob("b", { needs: wants })]));
  const a = await runner(run, "a");
  await leave(a, "short", "short");
  await leave(a, "long", "long");
  await send(a, "half", 0, "half");
  await database`update delta.artifacts set expires_at = clock_timestamp() where name = 'short'`;
  await world.complete(a);
  const names = async (): Promise<string[]> => {
    const stored = await blobs.list(`artifacts/${a.attempt}`);
    return stored.map((key) => ["short", "long", "half"][Number(key.split("/")[2])] ?? key).toSorted();
  };
  const known = async () => {
    const rows = await database<{ name: string }[]>`
      select name from delta.artifact_chunks union select name from delta.artifacts
      where removed_at is null and acked > 0 order by name`;
    return rows.map(({ name }) => name);
  };
  return { ...world, runId: run, a, remove, names, known };
}

/** As if all attempts had ended that long ago, with their runners seen to be gone. */
async function letDaysPass({ database }: Awaited<ReturnType<typeof left>>, days: number): Promise<void> {
  await database`alter table delta.attempts disable trigger attempts_end_once`;
  await database`
    update delta.attempts set stop_wanted = false, wake_at = null,
      finalized_at = finalized_at - ${days} * interval '1 day'
    where finalized_at is not null`;
}

describe("an artifact", () => {
  test("stays past its time while its run lives, and is found by the job that needs it", async () => {
    const world = await left();
    await world.remove();
    expect(await world.names()).toEqual(["half", "long", "short"]);
    const b = await world.runner(world.runId, "b");
    expect(b.spec.needed_artifacts).toMatchObject([{ name: "short" }]);
    await world.remove();
    expect(await world.fetchPart(b, world.a.attempt, "short")).toEqual({ status: 200, text: "short" });
  });

  test("loses its bytes once its time is over and its run has ended; what it was stays known", async () => {
    const world = await left();
    await world.complete(await world.runner(world.runId, "b"));
    await world.advance(world.runId);
    expect(await world.run(world.runId)).toMatchObject({ state: "succeeded" });
    await world.remove();
    expect(await world.names()).toEqual(["half", "long"]);
    const rows = await world.database`
      select name, acked, sha256 is not null as known from delta.artifacts where removed_at is not null`;
    expect(rows.map((row) => ({ ...row }))).toEqual([{ name: "short", acked: 5, known: true }]);
    const [{ removed_at: first } = {}] = await world.database`
      select removed_at from delta.artifacts where name = 'short'`;
    await world.remove();
    expect(await world.database`select removed_at from delta.artifacts where name = 'short'`).toEqual([
      { removed_at: first },
    ]);
  });

  test("that was never finished goes a day after its attempt, with what was never acknowledged", async () => {
    const world = await left();
    const lost = `artifacts/${world.a.attempt}/1/4-never`;
    await world.blobs.put(lost, new Uint8Array([1]));
    await letDaysPass(world, 0.9);
    await world.remove();
    expect(await world.blobs.list("artifacts")).toHaveLength(4);
    await letDaysPass(world, 0.2);
    await world.remove();
    expect(await world.names()).toEqual(["long", "short"]);
    expect(await world.known()).toEqual(["long", "short"]);
  });

  test("whose removal was cut off is removed by the next", async () => {
    const world = await left();
    await world.complete(await world.runner(world.runId, "b"));
    await world.advance(world.runId);
    const [key = ""] = await world.blobs.list(`artifacts/${world.a.attempt}/0`);
    await world.blobs.delete(key);
    await world.remove();
    expect(await world.known()).toEqual(["half", "long"]);
  });
});
