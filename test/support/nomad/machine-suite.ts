import { readFile } from "node:fs/promises";
import { expect, test, type TestContext } from "vitest";
import { withDeadline } from "../deadline.ts";
import { hasEnded } from "./control-plane.ts";
import {
  attemptsOf,
  beginInMachine,
  MACHINE_MS,
  machineProcesses,
  startMachinePlane,
} from "./machine-plane.ts";
import type { MachineWorld } from "./machine-world.ts";

export interface MachineSuite {
  readonly accelerator: "tcg" | "kvm";
  /** Both are asked when the tests run. */
  readonly world: () => MachineWorld;
  /** What the pool's task has beside the accelerator. */
  readonly task?: () => object;
  /** Why this machine cannot run the tests; null when it can. */
  readonly missing?: () => string | null;
}

/** What a machine promises from claim to completion, whatever runs its processor. */
export function machineSuite({ accelerator, world, task, missing }: MachineSuite): void {
  const startPlane = (installation: string) =>
    startMachinePlane(world(), installation, { ...task?.(), accelerator });
  const skipUnlessAble = (context: TestContext): void => {
    const because = missing?.() ?? null;
    context.skip(because !== null, `not run, because: ${because}`);
  };

  test("an attempt reaches the relay and nothing else, its steps no secret, and running out of memory is named", {
    timeout: MACHINE_MS,
  }, async (context) => {
    skipUnlessAble(context);
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
    const steps = ["cat hello.txt", network, secrets, "head -c 2000m /dev/zero | tail"];
    const id = await beginInMachine(plane, steps);
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
  }, async (context) => {
    skipUnlessAble(context);
    const plane = await startPlane("cancel");
    const step = "trap 'echo stopping; sleep 1; echo stopped; exit 0' TERM; echo ready; sleep 600 & wait";
    const id = await beginInMachine(plane, [step], "    cancel: { grace: 20s }\n");
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
    const commands = await Promise.all((await machineProcesses("cancel", attempt)).map(commandOf));
    expect(commands.flat()).toContain(`type=q35,accel=${accelerator}`);
    await plane.cancel(id);
    const run = await plane.untilRun(id, "the run to end", hasEnded);
    expect(attemptsOf(run)).toMatchObject([{ state: "canceled", cancel_receipt: "process_group_gone" }]);
    expect(await plane.logText(attempt, 1)).toBe("ready\nstopping\nstopped\n");
    await withDeadline(
      "QEMU to end",
      120_000,
      async () => (await machineProcesses("cancel", attempt)).length === 0,
    );
  });
}

/** Of a process that lives. */
async function commandOf(pid: number): Promise<readonly string[]> {
  return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
}
