import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { ContainerWorld, DEBIAN_IMAGE } from "../support/nomad/container-world.ts";
import { hasEnded, startPlaneOnNomad } from "../support/nomad/control-plane.ts";
import { importDebian } from "../support/nomad/debian-image.ts";
import { makeSourceRepository } from "../support/source-repository.ts";
import { missingPart } from "./parts.ts";

const PIPELINE = `version: 1
name: shop
jobs:
  build:
    steps:
      - cat hello.txt
      - ls /sys/class/net
  broken:
    steps:
      - exit 3
  search:
    steps:
      - |
        set +e
        # A signed identity in its usual form: two parts of base64 JSON and a signature.
        pattern='eyJ[A-Za-z0-9_-]{20,}\\.eyJ[A-Za-z0-9_-]{20,}\\.'
        places='/secrets /local /alloc /tmp /run /var /root /home /etc'
        grep -rlaE "$pattern" $places && echo found in files
        grep -slaE "$pattern" /proc/[0-9]*/environ /proc/[0-9]*/cmdline && echo found in processes
        env | grep -E '^(NOMAD_TOKEN|NOMAD_SECRETS|DELTA_.*TOKEN)' && echo found in the environment
        ls /secrets
        # The same search finds what is there.
        printf 'eyJ%040d.eyJ%040d.x' 1 2 >/tmp/control
        grep -rlaE "$pattern" $places
  pack:
    artifacts:
      - { name: dist, path: dist, required: true }
    steps:
      - mkdir dist; head -c 3000000 /dev/urandom > dist/random; sha256sum dist/random > dist/sum; ln -s random dist/link
  use:
    needs:
      - { job: pack, artifacts: dist }
    steps:
      - sha256sum -c dist/sum; cmp dist/link dist/random
`;

const POOL = {
  task: { driver: "docker", default_image: `${DEBIAN_IMAGE}:1`, pids_limit: 128, tmp_mb: 16 },
  resources: { cpu_millis: 200, memory_mb: 256, disk_mb: 100 },
  resources_max: { cpu_millis: 2_000, memory_mb: 1_024, disk_mb: 1_000 },
};

describe.runIf(missingPart("docker") === null)("from a commit to a result on a real Nomad", () => {
  let containers: ContainerWorld;
  beforeAll(async () => {
    containers = await ContainerWorld.start();
    await importDebian(containers.agent.folder, DEBIAN_IMAGE);
  }, 300_000);
  afterAll(() => containers?.stop());

  test("a run's jobs are carried out in containers without a network", { timeout: 240_000 }, async () => {
    const repository = makeSourceRepository({ ".delta/pipeline.yaml": PIPELINE, "hello.txt": "hello\n" });
    const world = await startPlaneOnNomad(containers.agent, { installation: "whole", pool: POOL });
    const relay = await containers.relayTo(world.plane.url);
    onTestFinished(async () => {
      await world.stop();
      await relay.close();
      repository.remove();
    });
    const { id } = await world.runAll(repository);
    const run = await world.untilRun(id, "the run to end", hasEnded);
    const attempts = run.jobs.map((job) => [
      job.key,
      ...job.attempts.map((one) => [one.state, one.reason, one.exit_code]),
    ]);
    expect(attempts).toEqual([
      ["build", ["succeeded", "ok", 0]],
      ["broken", ["failed", "step_failed", 3]],
      ["search", ["succeeded", "ok", 0]],
      ["pack", ["succeeded", "ok", 0]],
      ["use", ["succeeded", "ok", 0]],
    ]);
    // The archive came through the relay twice: neither container has a network.
    expect(await world.logText(run.jobs[4]?.attempts[0]?.id ?? "", 1)).toBe("dist/random: OK\n");
    // Nomad puts api.sock there for every task; it answers nobody without a token.
    expect(await world.logText(run.jobs[2]?.attempts[0]?.id ?? "", 1)).toBe("api.sock\n/tmp/control\n");
    expect(await world.logText(run.jobs[0]?.attempts[0]?.id ?? "", 2)).toBe("lo\n");
  });
});
