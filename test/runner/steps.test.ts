import { readdirSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import type { CompleteRequest } from "../../schemas/runner-protocol.ts";
import type { ControlPlaneStandIn } from "../support/control-plane-stand-in.ts";
import { RunnerWorld, type WorldOptions } from "../support/runner-world.ts";

const world = new RunnerWorld();
afterEach(() => world.cleanUp());

async function complete(
  options: WorldOptions,
): Promise<{ plane: ControlPlaneStandIn; report: CompleteRequest }> {
  const { plane, runner } = await world.run(options);
  expect(await runner.ended, runner.errors()).toBe(0);
  if (plane.complete === null) throw new Error("the attempt was not completed");
  return { plane, report: plane.complete };
}

test("a failing step ends the job with its exit code; only steps marked always run after it", async () => {
  const { plane, report } = await complete({
    steps: [
      { run: "exit 3" },
      { run: "echo no" },
      { run: "echo cleaned up", always: true },
      { run: "echo no" },
    ],
  });
  expect(report).toMatchObject({ outcome: "failed", reason: "step_failed", exit_code: 3 });
  expect(report.summary).toBe('step "step 1" ended with exit code 3');
  expect(report.steps.map((step) => step.state)).toEqual(["failed", "skipped", "succeeded", "skipped"]);
  expect(plane.log(3)).toBe("cleaned up\n");
  expect(plane.count("logs")).toBeGreaterThan(0);
  expect(plane.calls.some((call) => call.name === "close" && (call.stream === 2 || call.stream === 4))).toBe(
    false,
  );
});

test("the first failure decides, whatever a later step does", async () => {
  const { report } = await complete({ steps: [{ run: "exit 3" }, { run: "exit 4", always: true }] });
  expect(report).toMatchObject({ reason: "step_failed", exit_code: 3 });
});

test("a step that may fail is shown as failed and fails nothing", async () => {
  const { report } = await complete({
    steps: [{ run: "exit 5", continue_on_error: true }, { run: "echo on" }],
  });
  expect(report).toMatchObject({ outcome: "succeeded", reason: "ok", exit_code: 0 });
  expect(report.steps.map((step) => [step.state, step.exit_code])).toEqual([
    ["failed", 5],
    ["succeeded", 0],
  ]);
});

test("a step that a signal ends is reported with the signal", async () => {
  const { report } = await complete({ steps: [{ run: "kill -SEGV $$" }] });
  expect(report).toMatchObject({ outcome: "failed", reason: "signaled", exit_code: null });
  expect(report.steps[0]).toMatchObject({ state: "failed", signal: "SIGSEGV", exit_code: null });
});

test("a shell that does not exist is command_not_found and leaves no workspace", async () => {
  const { report } = await complete({ steps: [{ run: "true" }], spec: { shell: ["/no/such/shell", "-c"] } });
  expect(report).toMatchObject({ outcome: "failed", reason: "command_not_found", exit_code: null });
});

test.each([
  ["packages/absent", 'there is no folder "packages/absent" in the checkout'],
  ["../../..", 'its working directory "../../.." is outside the checkout'],
  ["file.txt", 'there is no folder "file.txt" in the checkout'],
])("working directory %s is refused by name", async (workdir, words) => {
  const { report } = await complete({ steps: [{ run: "true" }], spec: { workdir } });
  expect(report.reason).toBe("command_not_found");
  expect(report.summary).toContain(words);
});

test("steps run in the job's working directory, with its shell", async () => {
  const { plane } = await complete({
    files: { "packages/a/here.txt": "found\n" },
    steps: [{ run: "cat here.txt; echo ${BASH_VERSION:+bash}" }],
    spec: { workdir: "packages/a", shell: ["bash", "-e", "-o", "pipefail", "-c"] },
  });
  expect(plane.log(1)).toBe("found\nbash\n");
});

test("a step past its timeout is stopped with all it started, and the report says so", async () => {
  const { report } = await complete({
    steps: [{ run: "(trap '' TERM; sleep 300) & sleep 300", timeout_ms: 300 }, { run: "echo no" }],
    spec: { cancel_grace_ms: 200 },
  });
  expect(report).toMatchObject({ outcome: "timed_out", reason: "step_timeout", exit_code: null });
  expect(report.steps.map((step) => step.state)).toEqual(["timed_out", "skipped"]);
});

test("an attempt past its timeout is stopped, and not even steps marked always run", async () => {
  const { report } = await complete({
    steps: [{ run: "sleep 300" }, { run: "echo no", always: true }],
    spec: { timeout_ms: 5_000 },
  });
  expect(report).toMatchObject({ outcome: "timed_out", reason: "attempt_timeout" });
  expect(report.steps.map((step) => step.state)).toEqual(["canceled", "skipped"]);
});

test("a step sees what its contract says and nothing else of the machine", async () => {
  const { plane } = await complete({
    steps: [{ run: "env | sort", env: { FROM_STEP: "step", SHARED: "step", DELTA_JOB: "forged", CI: "no" } }],
    spec: { env: { FROM_JOB: "job", SHARED: "job" } },
    environment: { SECRET_OF_THE_MACHINE: "hidden", LANG: "C.UTF-8", HOME: "/root", DELTA_DATABASE_URL: "x" },
  });
  const names = plane.log(1).trim().split("\n");
  const values = Object.fromEntries(names.map((line) => line.split("=", 2)));
  const { HOME, TMPDIR, DELTA_OUTPUT, DELTA_WORKSPACE, PWD, PATH, _: last, SHLVL, OLDPWD, ...rest } = values;
  expect(rest).toEqual({
    CI: "true",
    DELTA: "true",
    DELTA_ATTEMPT: "1",
    DELTA_ATTEMPT_ID: plane.attemptId,
    DELTA_COMMIT: world.commit,
    DELTA_JOB: "build",
    DELTA_REF: "refs/heads/main",
    DELTA_RUN_ID: "0198c0de-0000-7000-8000-000000000001",
    DELTA_STEP: "step 1",
    FROM_JOB: "job",
    FROM_STEP: "step",
    LANG: "C.UTF-8",
    SHARED: "step",
  });
  expect(PATH).toBe(process.env.PATH);
  for (const folder of [HOME, TMPDIR, DELTA_OUTPUT, DELTA_WORKSPACE])
    expect(folder).toContain(plane.attemptId);
  expect([PWD, DELTA_WORKSPACE]).toEqual([DELTA_WORKSPACE, DELTA_WORKSPACE]);
  void [last, SHLVL, OLDPWD];
});

test("both outputs arrive in the order they were written and can be opened by name", async () => {
  const { plane } = await complete({
    steps: [
      {
        run: "for i in 1 2 3; do echo out$i; echo err$i >&2; done; echo named > /dev/stderr; cat < /dev/stdin",
      },
    ],
  });
  expect(plane.log(1)).toBe("out1\nerr1\nout2\nerr2\nout3\nerr3\nnamed\n");
});

test("what a step leaves running is ended before the next step starts", async () => {
  const { plane, report } = await complete({
    steps: [
      {
        run: "setsid sh -c 'echo $$ > left.pid; exec sleep 300' & while [ ! -s left.pid ]; do :; done; echo done",
      },
      { run: "grep -q '^State:.[^ZX]' /proc/$(cat left.pid)/status 2>/dev/null && echo alive || echo ended" },
    ],
  });
  expect(report.outcome).toBe("succeeded");
  expect(plane.log(2)).toBe("ended\n");
  expect(plane.log(0)).toContain("ended 1 processes that step 1 left running");
});

test("read-only folders of a job do not outlive it", async () => {
  const { plane, runner } = await world.run({
    steps: [
      { run: "mkdir -p locked/inside; touch locked/inside/file; chmod -R a-w locked; mkdir $HOME/.cache" },
    ],
  });
  expect(await runner.ended).toBe(0);
  expect(plane.complete?.outcome).toBe("succeeded");
  expect(readdirSync(runner.workspaceRoot)).toEqual([]);
});
