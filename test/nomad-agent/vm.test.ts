import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasEnded } from "../support/nomad/control-plane.ts";
import { DEBIAN_ROOT, hangingInitrd } from "../support/nomad/machine-image.ts";
import {
  attemptsOf,
  beginInMachine,
  beginJobsInMachines,
  MACHINE_MS,
  machineProcesses,
  startMachinePlane,
} from "../support/nomad/machine-plane.ts";
import { machineSuite } from "../support/nomad/machine-suite.ts";
import { MachineWorld } from "../support/nomad/machine-world.ts";
import { missingPart } from "./parts.ts";

describe.runIf(missingPart("qemu") === null)("in a virtual machine on a real Nomad", () => {
  let world: MachineWorld;
  beforeAll(async () => {
    world = await MachineWorld.start(DEBIAN_ROOT);
  }, 900_000);
  afterAll(() => world?.stop());

  machineSuite({ accelerator: "tcg", world: () => world });

  test("a machine hands its files to another, through the relay and as the user of its steps", {
    timeout: MACHINE_MS,
  }, async () => {
    const plane = await startMachinePlane(world, "files");
    const id = await beginJobsInMachines(plane, {
      pack: {
        keys: "    artifacts: [{ name: dist, path: dist, required: true }]\n",
        steps: [
          "mkdir dist; head -c 3000000 /dev/urandom > dist/random; sha256sum dist/random > dist/sum; ln -s random dist/link",
        ],
      },
      use: {
        keys: "    needs: [{ job: pack, artifacts: dist }]\n",
        steps: ["sha256sum -c dist/sum; cmp dist/link dist/random; stat -c %U dist/random; touch dist/mine"],
      },
    });
    const run = await plane.untilRun(id, "the run to end", hasEnded);
    expect(run.jobs.map(({ key, attempts }) => [key, attempts.at(-1)?.reason])).toEqual([
      ["pack", "ok"],
      ["use", "ok"],
    ]);
    expect(await plane.logText(run.jobs[1]?.attempts.at(-1)?.id ?? "", 1)).toBe("dist/random: OK\ndelta\n");
  });

  test("a killed machine, by hand or for its memory, is a lost attempt with its cause, and a new one is made", {
    timeout: MACHINE_MS * 2,
  }, async () => {
    // Shorter than it is by default would lose machines that only wait for the processor.
    const leaseTiming = { ttlMs: 75_000, heartbeatIntervalMs: 4_000, marginMs: 2_000 };
    // Too little for QEMU, which lives while half of the machine's memory was never touched.
    const plane = await startMachinePlane(world, "killed", { memory_overhead_mb: 64 }, { leaseTiming });
    const step = `
      case $DELTA_ATTEMPT in
        1) sleep 600 ;;
        2) head -c 480m /dev/zero > /dev/shm/full; { head -c 300m /dev/zero; sleep 600; } | tail ;;
      esac`;
    const id = await beginInMachine(plane, [step], "    resources: { memory: 1GiB }\n");
    const running = await plane.untilRun(
      id,
      "the step to run",
      (run) => attemptsOf(run)[0]?.state === "running",
    );
    for (const pid of await machineProcesses("killed", attemptsOf(running)[0]?.id))
      process.kill(pid, "SIGKILL");
    const run = await plane.untilRun(id, "the run to end", hasEnded);
    const lost = {
      state: "lost",
      reason: "runner_lost",
      reason_detail: expect.stringMatching(
        /exit code 137, killed \(SIGKILL\): by the kernel at the task's memory limit/,
      ),
    };
    expect(attemptsOf(run)).toMatchObject([lost, lost, { state: "succeeded", reason: "ok" }]);
  });

  test("a machine that does not come up is said to boot, and then ended with its console's last words", {
    timeout: MACHINE_MS,
  }, async () => {
    const initrd = join(world.folder, "hanging.img");
    await writeFile(initrd, await hangingInitrd(world.folder, "waiting for a disk that never comes"));
    const { images } = world.task() as { images: { "debian-12": object } };
    const task = {
      images: { hanging: { ...images["debian-12"], initrd } },
      default_image: "hanging",
      boot_timeout_s: 25,
    };
    const plane = await startMachinePlane(world, "boot", task);
    const id = await beginInMachine(plane, ["true"]);
    const booting = await plane.untilRun(
      id,
      "a booting machine",
      (run) => attemptsOf(run)[0]?.pending?.startsWith("VM") ?? false,
    );
    expect(attemptsOf(booting)[0]?.pending).toBe("VM booting on node client");
    const ended = await plane.untilRun(
      id,
      "the boot's end",
      ({ jobs }) => (jobs[0]?.attempts[0]?.reason ?? null) !== null,
    );
    expect(attemptsOf(ended)[0]).toMatchObject({
      state: "failed",
      reason: "runner_start_timeout",
      reason_detail: expect.stringMatching(
        /VM on node client for more than 25 s; it last wrote: .*waiting for a disk that never comes$/,
      ),
    });
    await plane.cancel(id);
    await plane.untilRun(id, "the run to end", hasEnded);
  });
});
