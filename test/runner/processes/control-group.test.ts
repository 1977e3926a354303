import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openControlGroup } from "../../../runner/processes/control-group.ts";

const COMMAND = join(import.meta.dirname, "../../../runner/processes/command.ts");
const GROUP = join(import.meta.dirname, "../../../runner/processes/control-group.ts");
const STOP = join(import.meta.dirname, "../../../runner/stop-source.ts");

/** Where control group 2 is mounted and groups can be made; null on a machine that has none. */
function hierarchy(): string | null {
  try {
    const mounted = /^\S+ (\S+) cgroup2 rw/m.exec(readFileSync("/proc/mounts", "utf8"))?.[1];
    if (mounted === undefined || process.getuid?.() !== 0) return null;
    accessSync(join(mounted, "cgroup.procs"), constants.W_OK);
    return mounted;
  } catch {
    return null;
  }
}
const root = hierarchy();

/** Three groups as a machine's first program makes them; they are empty when the test ends. */
function makeGroups(name: string) {
  const all = join(root ?? "", `delta-test-${process.pid}-${name}`);
  const groups = { all, runner: join(all, "runner"), job: join(all, "job") };
  for (const group of [groups.all, groups.runner, groups.job]) mkdirSync(group);
  onTestFinished(() => [groups.runner, groups.job, groups.all].forEach((group) => rmdirSync(group)));
  return groups;
}

/** A program that enters the runner's group and runs one command in the job's. */
const RUNNER = `
  const [all, script] = process.argv.slice(1);
  const { writeFileSync } = await import("node:fs");
  const { runCommand } = await import(${JSON.stringify(COMMAND)});
  const { openControlGroup } = await import(${JSON.stringify(GROUP)});
  const { StopSource } = await import(${JSON.stringify(STOP)});
  writeFileSync(all + "/runner/cgroup.procs", "0");
  const group = openControlGroup(all + "/job", all + "/runner");
  const result = await runCommand({
    argv: ["/bin/sh", "-c", script], cwd: "/tmp", env: { PATH: process.env.PATH, DELTA_ATTEMPT_ID: all },
    job: { attemptId: all, folder: all, sinceTicks: 0 }, user: null, group, pipeFolder: "/tmp", timeoutMs: null,
    output: { write: (bytes) => process.stdout.write(bytes), room: async () => {} },
    stopSignal: "SIGTERM", stop: new StopSource(), graceMs: () => 200,
  });
  console.log(JSON.stringify({ group: group !== null, exitCode: result.exitCode }));
`;

test.runIf(root !== null)(
  "a command and what it starts at once run in the group of the job, and the runner stays in its own",
  () => {
    const { all } = makeGroups("adopt");
    // The shell starts children before anybody could have moved it, and asks when they must have been.
    const script = `
      for n in 1 2 3 4 5; do sleep 30 & done
      until [ "$(grep -c . < ${all}/runner/cgroup.procs)" = 1 ]; do sleep 0.1; done
      cat /proc/self/cgroup; grep -c . < ${all}/job/cgroup.procs`;
    const run = spawnSync(process.execPath, ["--input-type=module", "-e", RUNNER, all, script], {
      encoding: "utf8",
      timeout: 30_000,
    });
    const lines = run.stdout.trim().split("\n");
    expect(JSON.parse(lines.at(-1) ?? "{}"), run.stderr).toEqual({ group: true, exitCode: 0 });
    expect(lines).toContain(`0::${all.slice((root ?? "").length)}/job`);
    // The shell, five sleeps, and the substitution or grep that looks.
    expect(Number(lines.at(-2))).toBeGreaterThanOrEqual(6);
  },
);

test.runIf(root !== null)("a group whose neighbour holds more than the runner is left alone", () => {
  const { runner, job } = makeGroups("shared");
  // Nobody is in `runner`, so this process is no member of it and everyone who was would be a stranger.
  expect(openControlGroup(job, root)).toBeNull();
  expect(openControlGroup(job, job)).toBeNull();
  expect(openControlGroup(join(job, "absent"), runner)).toBeNull();
});

test("a group that is not there is not used", () => {
  expect(openControlGroup("/nowhere/delta/job", "/nowhere/delta/runner")).toBeNull();
});
