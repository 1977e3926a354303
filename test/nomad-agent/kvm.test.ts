import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withDeadline } from "../support/deadline.ts";
import { hasEnded, type PlaneOnNomad } from "../support/nomad/control-plane.ts";
import { addKvmUser, closedKvm, removeUser, unableKvm } from "../support/nomad/kvm.ts";
import { DEBIAN_ROOT } from "../support/nomad/machine-image.ts";
import {
  attemptsOf,
  beginInMachine,
  MACHINE_MS,
  machineProcesses,
  startMachinePlane,
} from "../support/nomad/machine-plane.ts";
import { machineSuite } from "../support/nomad/machine-suite.ts";
import { MachineWorld } from "../support/nomad/machine-world.ts";
import { stoppingKernel } from "../support/nomad/stopping-kernel.ts";
import { PATIENCE } from "../support/patience.ts";
import { missingPart } from "./parts.ts";

/** The firmware alone takes five seconds where kvm has no hardware behind it, and more where others want the processor too. */
const STOPPING_SECONDS = 75;

/** Set where the device is known to run our guest: then nothing may be left out. */
const REQUIRED = process.env["DELTA_KVM_REQUIRED"] === "1";

describe.runIf(missingPart("qemu") === null || REQUIRED)("with kvm on a real Nomad", () => {
  let world: MachineWorld;
  let user: string;
  /** Why the device does not run our guest, why not even one that stops, and why it is closed to nobody. */
  let unable: string | null;
  let lifeless: string | null;
  let open: string | null;
  beforeAll(async () => {
    user = await addKvmUser();
    const closed = await closedKvm(user);
    world = await MachineWorld.start(DEBIAN_ROOT);
    const tried = closed === null ? await unableKvm(world.folder) : null;
    unable = closed ?? tried?.because ?? null;
    lifeless = tried?.startsProcessors === true ? null : unable;
    if (REQUIRED && unable !== null) throw new Error(`DELTA_KVM_REQUIRED is set, and ${unable}`);
    open = (await closedKvm("nobody")) === null ? "everybody may open /dev/kvm" : null;
    for (const because of [unable, open])
      if (because !== null) console.log(`not run, because: kvm: ${because}`);
  }, 900_000 * PATIENCE);
  afterAll(async () => {
    await world?.stop();
    if (user !== undefined) await removeUser(user);
  });

  machineSuite({
    accelerator: "kvm",
    world: () => world,
    task: () => ({ user }),
    missing: () => unable,
  });

  /** The first attempt when it has its reason; what would follow is cancelled. */
  async function firstEnd(plane: PlaneOnNomad) {
    const id = await beginInMachine(plane, ["true"]);
    const ended = await plane.untilRun(
      id,
      "the boot's end",
      (run) => (attemptsOf(run)[0]?.reason ?? null) !== null,
    );
    await plane.cancel(id);
    const run = await plane.untilRun(id, "the run to end", hasEnded);
    return { first: attemptsOf(ended)[0], attempts: attemptsOf(run) };
  }

  test("a machine whose processor kvm gives up on is ended with QEMU's words, and nothing of it stays", {
    timeout: MACHINE_MS,
  }, async (context) => {
    context.skip(lifeless !== null, `not run, because: ${lifeless}`);
    const kernel = join(world.folder, "stopping.elf");
    await writeFile(kernel, stoppingKernel("on the way to nowhere"));
    const { images } = world.task() as { images: { "debian-12": object } };
    const task = {
      images: { stopping: { ...images["debian-12"], kernel } },
      default_image: "stopping",
      accelerator: "kvm",
      user,
      boot_timeout_s: STOPPING_SECONDS,
    };
    const plane = await startMachinePlane(world, "stopping", task);
    const { first, attempts } = await firstEnd(plane);
    expect(first).toMatchObject({
      state: "failed",
      reason: "runner_start_timeout",
      reason_detail: expect.stringMatching(
        /VM on node client for more than 75 s; it last wrote: .*on the way to nowhere \| .*KVM internal error\. Suberror: 1 \| emulation failure/,
      ),
    });
    // QEMU has paused the machine, which takes no power button any more.
    await withDeadline("QEMU to end", 120_000, async () => {
      const left = await Promise.all(attempts.map(({ id }) => machineProcesses("stopping", id)));
      return left.flat().length === 0;
    });
  });

  test("a machine whose user may not open the device ends at once, with QEMU's words", {
    timeout: MACHINE_MS,
  }, async (context) => {
    context.skip(open !== null, `not run, because: ${open}`);
    const plane = await startMachinePlane(world, "closed", { accelerator: "kvm", user: "nobody" });
    const { first } = await firstEnd(plane);
    expect(first).toMatchObject({
      state: "failed",
      reason: "runner_start_timeout",
      reason_detail: expect.stringMatching(
        /it last wrote: Could not access KVM kernel module: (Permission denied|No such file or directory)/,
      ),
    });
  });
});
