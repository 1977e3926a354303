import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { hasEnded, startPlaneOnNomad } from "../support/nomad/control-plane.ts";
import { MachineWorld } from "../support/nomad/machine-world.ts";
import { makeSourceRepository } from "../support/source-repository.ts";
import { missingPart } from "./parts.ts";

const RESOURCES = {
  resources: { cpu_millis: 1_000, memory_mb: 512, disk_mb: 500 },
  resources_max: { cpu_millis: 2_000, memory_mb: 1_024, disk_mb: 2_000 },
};

const PIPELINE = `version: 1
name: shop
jobs:
  build:
    runner: { pool: default, isolation: vm }
    steps:
      - cat hello.txt
      - ls /sys/class/net; id
`;

/** The agent, and with what its machines said when a wait fails. */
const on = (world: MachineWorld) => ({ address: world.agent.address, logTail: () => world.logTail() });

describe.runIf(missingPart("qemu") === null)("in a virtual machine on a real Nomad", () => {
  let world: MachineWorld;
  beforeAll(async () => {
    world = await MachineWorld.start();
  }, 600_000);
  afterAll(() => world?.stop());

  test("a run's job is carried out", { timeout: 240_000 }, async () => {
    const repository = makeSourceRepository({ ".delta/pipeline.yaml": PIPELINE, "hello.txt": "hello\n" });
    const pool = { task: world.task(), ...RESOURCES };
    const plane = await startPlaneOnNomad(on(world), { installation: "machines", pool });
    const relay = await world.relayTo(plane.plane.url);
    onTestFinished(async () => {
      await plane.stop();
      await relay.close();
      repository.remove();
    });
    const { id } = await plane.runAll(repository);
    const run = await plane.untilRun(id, "the run to end", hasEnded);
    expect(run.jobs[0]?.attempts).toMatchObject([{ state: "succeeded", reason: "ok", exit_code: 0 }]);
    expect(await plane.logText(run.jobs[0]?.attempts[0]?.id ?? "", 2)).toMatch(/^eth0\nlo\nuid=1000/);
  });
});
