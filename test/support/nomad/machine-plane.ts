import { onTestFinished } from "vitest";
import type { ControlPlaneConfig } from "../../../control-plane/config.ts";
import { jobNameOf } from "../../../nomad/job-name.ts";
import type { RunView } from "../../../schemas/api.ts";
import type { AttemptId } from "../../../schemas/ids.ts";
import { PATIENCE } from "../patience.ts";
import { makeSourceRepository } from "../source-repository.ts";
import { type PlaneOnNomad, startPlaneOnNomad } from "./control-plane.ts";
import type { MachineWorld } from "./machine-world.ts";
import { taskProcesses } from "./task-processes.ts";

/** Where hardware cannot help a machine boots in ten seconds, or in thirty when others want the processor too. */
export const MACHINE_MS = 600_000 * PATIENCE;
const WAIT_MS = 500_000;
const GUEST_MEGABYTES = 384;
/** An emulated machine gets the processor that others leave; its lease has to outlast them. */
const LEASE_TIMING = { ttlMs: 120_000 * PATIENCE, heartbeatIntervalMs: 5_000, marginMs: 10_000 };

/** A control plane with one pool of machines, for the rest of the test. */
export async function startMachinePlane(
  world: MachineWorld,
  installation: string,
  task: object = {},
  overrides: Partial<ControlPlaneConfig> = {},
): Promise<PlaneOnNomad> {
  const pool = {
    task: world.task(task),
    resources: { cpu_millis: 1_000, memory_mb: GUEST_MEGABYTES, disk_mb: 500 },
    resources_max: { cpu_millis: 2_000, memory_mb: 1_024, disk_mb: 2_000 },
  };
  const on = { address: world.agent.address, logTail: () => world.logTail() };
  const settings = { leaseTiming: LEASE_TIMING, ...overrides };
  const plane = await startPlaneOnNomad(on, { installation, pool, overrides: settings, waitMs: WAIT_MS });
  const relay = await world.relayTo(plane.plane.url);
  onTestFinished(async () => {
    await plane.stop();
    await relay.close();
  });
  return plane;
}

/** A run of one job in a machine; its steps are lines of a shell. Gives the run's id. */
export function beginInMachine(plane: PlaneOnNomad, steps: readonly string[], keys = ""): Promise<string> {
  return beginJobsInMachines(plane, { build: { steps, keys } });
}

export interface MachineJob {
  readonly steps: readonly string[];
  /** Further keys of the job, as lines of YAML. */
  readonly keys?: string;
}

/** A run of several jobs, each in a machine of its own. */
export async function beginJobsInMachines(
  plane: PlaneOnNomad,
  jobs: Readonly<Record<string, MachineJob>>,
): Promise<string> {
  const written = Object.entries(jobs).map(([id, { steps, keys = "" }]) => {
    const list = steps.map((step) => `      - ${JSON.stringify(step)}\n`).join("");
    return `  ${id}:\n    runner: { pool: default, isolation: vm }\n${keys}    steps:\n${list}`;
  });
  const repository = makeSourceRepository({
    ".delta/pipeline.yaml": `version: 1\nname: shop\njobs:\n${written.join("")}`,
    "hello.txt": "from the mirror\n",
  });
  onTestFinished(() => repository.remove());
  return (await plane.runAll(repository)).id;
}

export const attemptsOf = (run: RunView) => run.jobs[0]?.attempts ?? [];

/** QEMU and the relay's pipes of one attempt. */
export const machineProcesses = (installation: string, attempt: string | undefined) =>
  taskProcesses(jobNameOf(installation, attempt as AttemptId));
