import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { ControlPlaneConfig } from "../../control-plane/config.ts";
import { jobNameOf } from "../../nomad/job-name.ts";
import type { RunView } from "../../schemas/api.ts";
import type { AttemptId } from "../../schemas/ids.ts";
import { hasEnded, type PlaneOnNomad, startPlaneOnNomad } from "../support/nomad/control-plane.ts";
import { withDeadline } from "../support/deadline.ts";
import { DEBIAN_ROOT, hangingInitrd } from "../support/nomad/machine-image.ts";
import { MachineWorld } from "../support/nomad/machine-world.ts";
import { taskProcesses } from "../support/nomad/task-processes.ts";
import { makeSourceRepository } from "../support/source-repository.ts";
import { missingPart } from "./parts.ts";

/** Where hardware cannot help a machine boots in ten seconds, or in thirty when others want the processor too. */
const MACHINE_MS = 600_000;
const WAIT_MS = 500_000;
const GUEST_MEGABYTES = 384;
/** An emulated machine gets the processor that others leave; its lease has to outlast them. */
const LEASE_TIMING = { ttlMs: 120_000, heartbeatIntervalMs: 5_000, marginMs: 10_000 };

describe.runIf(missingPart("qemu") === null)("in a virtual machine on a real Nomad", () => {
  let world: MachineWorld;
  beforeAll(async () => {
    world = await MachineWorld.start(DEBIAN_ROOT);
  }, 900_000);
  afterAll(() => world?.stop());

  async function startPlane(
    installation: string,
    task: object = {},
    overrides: Partial<ControlPlaneConfig> = {},
  ) {
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

  /** One job in a machine; its steps are lines of a shell. */
  async function begin(plane: PlaneOnNomad, steps: readonly string[], keys = "") {
    const list = steps.map((step) => `      - ${JSON.stringify(step)}\n`).join("");
    const job = `  build:\n    runner: { pool: default, isolation: vm }\n${keys}    steps:\n${list}`;
    const repository = makeSourceRepository({
      ".delta/pipeline.yaml": `version: 1\nname: shop\njobs:\n${job}`,
      "hello.txt": "from the mirror\n",
    });
    onTestFinished(() => repository.remove());
    return (await plane.runAll(repository)).id;
  }

  const attemptsOf = (run: RunView) => run.jobs[0]?.attempts ?? [];
  const processesOf = (installation: string, attempt: string | undefined) =>
    taskProcesses(jobNameOf(installation, attempt as AttemptId));

  test("an attempt reaches the relay and nothing else, its steps no secret, and running out of memory is named", {
    timeout: MACHINE_MS,
  }, async () => {
    const plane = await startPlane("whole");
    const { port } = new URL(plane.plane.url);
    const network = `
      try() { timeout 5 bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null && echo "$1 reached" || echo "$1 refused"; }
      try 10.0.2.100 80; try 10.0.2.2 ${port}; try 10.0.2.3 53; try 192.0.2.1 80; ls /sys/class/net`;
    const secrets = `
      set +e
      id; grep NoNewPrivs /proc/self/status
      jwt='eyJ[A-Za-z0-9_-]{8,}[.]eyJ'
      printf %s%s eyJhbGciOiJub25lIn0 .eyJhIjoxfQ > /tmp/control
      grep -rlaE --exclude-dir=runner "$jwt" /run /tmp /workspace /home /root /etc /var/tmp 2>/dev/null
      grep -slaE "$jwt" /proc/[0-9]*/environ /proc/[0-9]*/cmdline && echo found in processes
      env | grep -iE 'jwt|token|lease' && echo found in the environment
      told=/sys/firmware/qemu_fw_cfg/by_name/opt/delta
      for place in $told/identity/raw $told/runner.json/raw /run/delta/told /proc/$PPID/environ /proc/$PPID/mem /dev/vda /dev/vdb /dev/mem; do
        test -e $place || echo "$place is missing"
        { head -c1 $place || ls $place/; } >/dev/null 2>&1 && echo "$place is readable"
      done
      ls /proc/$PPID/fd >/dev/null 2>&1 && echo files of the runner are readable
      touch /run/delta/runner/x 2>/dev/null && echo the runner is writable
      cat /proc/self/cgroup
      { true > /sys/fs/cgroup/delta/runner/cgroup.procs; } 2>/dev/null && echo the runner is in reach
      echo searched`;
    const id = await begin(plane, ["cat hello.txt", network, secrets, "head -c 2000m /dev/zero | tail"]);
    const run = await plane.untilRun(id, "the run to end", hasEnded);
    const [attempt] = attemptsOf(run);
    const log = (step: number) => plane.logText(attempt?.id ?? "", step);
    expect(await log(1)).toBe("from the mirror\n");
    expect(await log(2)).toBe(
      "10.0.2.100 reached\n10.0.2.2 refused\n10.0.2.3 refused\n192.0.2.1 refused\neth0\nlo\n",
    );
    expect(await log(3)).toBe(
      "uid=1000(delta) gid=1000(delta) groups=1000(delta)\nNoNewPrivs:\t1\n/tmp/control\n0::/delta/job\nsearched\n",
    );
    // The step alone is short of memory: the runner goes on, so the first attempt knows the cause.
    expect(attemptsOf(run)).toMatchObject([{ state: "failed", reason: "oom" }]);
  });

  test("a cancel gives the steps their signal and their grace, then the machine is off", {
    timeout: MACHINE_MS,
  }, async () => {
    const plane = await startPlane("cancel");
    const step = "trap 'echo stopping; sleep 1; echo stopped; exit 0' TERM; echo ready; sleep 600 & wait";
    const id = await begin(plane, [step], "    cancel: { grace: 20s }\n");
    const running = await plane.untilRun(
      id,
      "the step to run",
      (run) => attemptsOf(run)[0]?.state === "running",
    );
    const attempt = attemptsOf(running)[0]?.id ?? "";
    await withDeadline(
      "the step to be ready",
      120_000,
      async () => (await plane.logText(attempt, 1)) === "ready\n",
    );
    await plane.cancel(id);
    const run = await plane.untilRun(id, "the run to end", hasEnded);
    expect(attemptsOf(run)).toMatchObject([{ state: "canceled", cancel_receipt: "process_group_gone" }]);
    expect(await plane.logText(attempt, 1)).toBe("ready\nstopping\nstopped\n");
    await withDeadline(
      "QEMU to end",
      120_000,
      async () => (await processesOf("cancel", attempt)).length === 0,
    );
  });

  test("a killed machine, by hand or for its memory, is a lost attempt with its cause, and a new one is made", {
    timeout: MACHINE_MS * 2,
  }, async () => {
    // Shorter than it is by default would lose machines that only wait for the processor.
    const leaseTiming = { ttlMs: 75_000, heartbeatIntervalMs: 4_000, marginMs: 2_000 };
    // Too little for QEMU: it lives while the machine has not touched its memory.
    const plane = await startPlane("killed", { memory_overhead_mb: 200 }, { leaseTiming });
    const step = `
      case $DELTA_ATTEMPT in
        1) sleep 600 ;;
        2) head -c 300m /dev/zero > /dev/shm/full; sleep 600 ;;
      esac`;
    const id = await begin(plane, [step]);
    const running = await plane.untilRun(
      id,
      "the step to run",
      (run) => attemptsOf(run)[0]?.state === "running",
    );
    for (const pid of await processesOf("killed", attemptsOf(running)[0]?.id)) process.kill(pid, "SIGKILL");
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
    const plane = await startPlane("boot", task);
    const id = await begin(plane, ["true"]);
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
