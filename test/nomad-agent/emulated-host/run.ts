import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { watchInterruption } from "../../../cli/interruption.ts";
import { buildNomad } from "../build/build-nomad.ts";
import { providePart, QEMU_PART } from "../machine-parts.ts";
import { runInHost } from "./host-machine.ts";
import { hostSystem } from "./host-system.ts";
import { makeWorkDisk } from "./work-disk.ts";

/**
 * `npm run test:kvm`: the tests with kvm, on a host whose processor is emulated together with its virtualization.
 * There kvm is the kernel's own, so they run wherever QEMU does. Arguments go to vitest.
 */
const VITEST = "vitest run --project nomad --reporter verbose test/nomad-agent/kvm.test.ts".split(" ");
/** Ten minutes is usual. Past this something hangs that no deadline of the tests saw. */
const DEADLINE_MINUTES = 120;
/** For an emulated processor, on a machine that others use too. */
const PATIENCE = "10";

const interruption = watchInterruption();
const late = AbortSignal.timeout(DEADLINE_MINUTES * 60_000);
process.exitCode = await main(AbortSignal.any([interruption.first, late]));
interruption.close();

async function main(signal: AbortSignal): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "delta-emulated-"));
  try {
    const missing = await providePart(QEMU_PART, {
      path: process.env["PATH"] ?? "",
      isRoot: process.getuid?.() === 0,
    });
    if (missing !== null) throw new Error(missing);
    say("making the host's disks; the first time this takes some minutes");
    const nomad = await buildNomad(say);
    const system = await hostSystem();
    const workDisk = await makeWorkDisk(folder, {
      nomad,
      command: [...VITEST, ...process.argv.slice(2)],
      environment: {
        CI: "true",
        NO_COLOR: "1",
        DELTA_KVM_REQUIRED: "1",
        DELTA_TEST_PATIENCE: process.env["DELTA_TEST_PATIENCE"] ?? PATIENCE,
      },
    });
    signal.throwIfAborted();
    say("booting");
    return await runInHost(system, { workDisk, folder, output: process.stdout, signal });
  } catch (error) {
    if (late.aborted) say(`not at its end after ${DEADLINE_MINUTES} minutes`);
    else say(interruption.first.aborted ? "interrupted" : (error as Error).message);
    return interruption.exitCode() ?? 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function say(line: string): void {
  console.log(`emulated host: ${line}`);
}
