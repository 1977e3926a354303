import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { RunView } from "../../schemas/api.ts";
import { ContainerWorld } from "../support/nomad/container-world.ts";
import { hasEnded, startPlaneOnNomad } from "../support/nomad/control-plane.ts";
import { type ImageRegistry, startImageRegistry } from "../support/nomad/image-registry.ts";
import { makeSourceRepository } from "../support/source-repository.ts";
import { missingPart } from "./parts.ts";

const TEST_MS = 240_000;

describe.runIf(missingPart("docker") === null)("an image of a registry, by its digest", () => {
  let world: ContainerWorld;
  let registry: ImageRegistry;
  beforeAll(async () => {
    world = await ContainerWorld.start();
    registry = await startImageRegistry();
  }, 120_000);
  afterAll(async () => {
    await registry?.close();
    await world?.stop();
  });

  async function runIn(installation: string, image: string) {
    const pool = {
      task: { driver: "docker", default_image: image, pids_limit: 64, tmp_mb: 16 },
      resources: { cpu_millis: 200, memory_mb: 256, disk_mb: 100 },
      resources_max: { cpu_millis: 2_000, memory_mb: 1_024, disk_mb: 1_000 },
    };
    const plane = await startPlaneOnNomad(world.agent, { installation, pool });
    const relay = await world.relayTo(plane.plane.url);
    const repository = makeSourceRepository({
      ".delta/pipeline.yaml": "version: 1\nname: shop\njobs:\n  a: { steps: [make] }\n",
    });
    onTestFinished(async () => {
      await plane.stop();
      await relay.close();
      repository.remove();
    });
    const { id } = await plane.runAll(repository);
    const until = (what: string, isRight: (run: RunView) => boolean) => plane.untilRun(id, what, isRight);
    return { plane, id, until };
  }

  test("while it is pulled the attempt says so, and starts when it is there", {
    timeout: TEST_MS,
  }, async () => {
    const { plane, id, until } = await runIn("pulls", registry.image);
    const pulling = "placed on node client: the image is being pulled";
    const waiting = await until(
      "the pull to be told",
      ({ jobs }) => jobs[0]?.attempts[0]?.pending === pulling,
    );
    expect(waiting.jobs[0]?.pending).toBe(pulling);
    registry.release();
    const run = await until(
      "the runner's report",
      ({ jobs }) => (jobs[0]?.attempts[0]?.reason ?? null) !== null,
    );
    // The image has no git, so this much of it is known to have run there.
    expect(run.jobs[0]?.attempts[0]).toMatchObject({
      state: "failed",
      reason: "checkout_failed",
      pending: null,
    });
    await plane.cancel(id);
    await until("the run to end", hasEnded);
  });

  test("one that the registry does not have is the reason by name", { timeout: TEST_MS }, async () => {
    const { plane, id, until } = await runIn("missing", registry.missing);
    const run = await until(
      "the attempt to end",
      ({ jobs }) => (jobs[0]?.attempts[0]?.reason ?? null) !== null,
    );
    expect(run.jobs[0]?.attempts[0]).toMatchObject({ state: "failed", reason: "image_pull" });
    expect(run.jobs[0]?.attempts[0]?.reason_detail).toMatch(/failed to pull.*manifest unknown/i);
    await plane.cancel(id);
    await until("the run to end", hasEnded);
  });
});
