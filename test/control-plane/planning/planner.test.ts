import { pushEvent } from "../../../schemas/event.ts";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { planCommit } from "../../../control-plane/planning/plan-commit.ts";
import { createPlanner, type PlannerSettings } from "../../../control-plane/planning/planner.ts";
import type { PlanningRequest } from "../../../control-plane/planning/planning-messages.ts";
import { isLive } from "../../support/job-processes.ts";
import { HOSTILE_PIPELINES } from "../../support/hostile/pipelines.ts";
import { HOSTILE_YAML } from "../../support/hostile/yaml-texts.ts";
import { ScratchRepository } from "../../support/scratch-repository.ts";

const PIPELINE = `version: 1
name: ci
on: { push: {} }
jobs:
  build:
    image: node:24
    steps:
      - run: "true"
`;

function world(settings: PlannerSettings = {}) {
  const planner = createPlanner(settings);
  onTestFinished(() => planner.stop());
  return planner;
}

/** A planning process that does something else instead. */
function program(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "delta-planner-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "child.mjs");
  writeFileSync(path, text);
  return path;
}

function request(repository: ScratchRepository, head: string): PlanningRequest {
  return {
    repositoryPath: repository.path,
    event: pushEvent({ ref: "refs/heads/main", head, default_branch: "main" }),
    head,
    base: null,
    lastGreen: null,
    jobs: [],
    all: false,
    compilerVersion: "1.2.3",
  };
}

test("a plan made in its own process is the one made in this process, byte for byte", async () => {
  const planner = world();
  const repository = new ScratchRepository();
  const asked = request(repository, repository.commit({ ".delta/pipeline.yaml": PIPELINE }));
  const result = await planner.plan(asked);
  expect(result.digest).toMatch(/^sha256:/);
  expect(result).toEqual(await planCommit(asked));
});

test("many plans at once are all answered, each with its own", async () => {
  const planner = world();
  const repository = new ScratchRepository();
  const heads = Array.from({ length: 6 }, (_, index) =>
    repository.commit({ ".delta/pipeline.yaml": PIPELINE.replace("name: ci", `name: ci${index}`) }),
  );
  const results = await Promise.all(heads.map((head) => planner.plan(request(repository, head))));
  expect(results.map(({ canonical }) => /"name":"(ci\d)"/.exec(canonical ?? "")?.[1])).toEqual(
    heads.map((_, index) => `ci${index}`),
  );
});

test("a mistake in the pipeline is a diagnostic with its line", async () => {
  const planner = world();
  const repository = new ScratchRepository();
  const head = repository.commit({ ".delta/pipeline.yaml": PIPELINE.replace("steps:", "stpes:") });
  const { digest, diagnostics } = await planner.plan(request(repository, head));
  expect(digest).toBeNull();
  expect(diagnostics.map(({ place }) => place?.line)).toContain(7);
});

test("plans as large as the operators allow are made, and no larger", async () => {
  const repository = new ScratchRepository();
  const second = PIPELINE.replace("  build:", '  lint: { steps: ["true"] }\n  build:');
  const asked = request(repository, repository.commit({ ".delta/pipeline.yaml": second }));
  const [refused, made] = await Promise.all([
    world({ rules: { limits: { jobs: 1 } } }).plan(asked),
    world({ rules: { limits: { jobs: 2 } } }).plan(asked),
  ]);
  expect(refused.diagnostics.map(({ code }) => code)).toEqual(["DC1205"]);
  expect(made.digest).toEqual((await world().plan(asked)).digest);
});

test("a repository that is gone fails, and the process serves the next plan", async () => {
  const planner = world();
  const repository = new ScratchRepository();
  const head = repository.commit({ ".delta/pipeline.yaml": PIPELINE });
  const lost = { ...request(repository, head), repositoryPath: join(repository.path, "nowhere") };
  await expect(planner.plan(lost)).rejects.toMatchObject({ kind: "failed" });
  expect((await planner.plan(request(repository, head))).digest).not.toBeNull();
});

test("a commit that is damaged is told apart, without the place of its mirror", async () => {
  const planner = world();
  const repository = new ScratchRepository();
  const head = repository.commit({ ".delta/pipeline.yaml": PIPELINE, "lost/a.txt": "1" });
  const lost = repository.git("rev-parse", "HEAD:lost");
  rmSync(join(repository.path, ".git/objects", lost.slice(0, 2), lost.slice(2)));
  const message = `the tree ${lost} cannot be read in the repository`;
  await expect(planner.plan(request(repository, head))).rejects.toMatchObject({
    kind: "unreadable",
    message,
  });
});

test("a process that dies is told apart, and the next plan gets another", async () => {
  const planner = world({ program: program("process.on('message', () => process.abort())") });
  const repository = new ScratchRepository();
  const asked = request(repository, repository.commit({}));
  for (let time = 0; time < 3; time++) {
    await expect(planner.plan(asked)).rejects.toMatchObject({ kind: "crashed" });
  }
});

test("hostile YAML and pipelines are answered by one other process, which outlives them all", async () => {
  const planner = world();
  const repository = new ScratchRepository();
  const kinds = new Map(
    [...HOSTILE_PIPELINES.slice(0, 6), ...HOSTILE_YAML].map((one) => [one.code, one.text]),
  );
  const asked = Array.from(kinds, ([code, text]) => ({
    code,
    head: repository.commit({ ".delta/pipeline.yaml": text }),
  }));
  for (const { code, head } of asked) {
    const { digest, diagnostics } = await planner.plan(request(repository, head));
    expect([digest, diagnostics.map((found) => found.code)]).toEqual([null, expect.arrayContaining([code])]);
  }
  const good = request(repository, repository.commit({ ".delta/pipeline.yaml": PIPELINE }));
  expect((await planner.plan(good)).digest).not.toBeNull();
}, 120_000);

test("plans are made in a process with another number than this one", async () => {
  const told =
    "process.on('message', ({ id }) => process.send({ id, ok: false, message: String(process.pid) }))";
  const planner = world({ program: program(told) });
  const repository = new ScratchRepository();
  const asked = request(repository, repository.commit({}));
  const pidOf = (): Promise<string> => planner.plan(asked).then(String, (error: Error) => error.message);
  const pids = [await pidOf(), await pidOf()];
  expect(pids[0]).toMatch(/^[0-9]+$/);
  expect(pids[1]).toBe(pids[0]);
  expect(pids).not.toContain(String(process.pid));
});

test("a process that hangs is ended at the deadline while this one goes on", async () => {
  const planner = world({ program: program("process.on('message', () => { for (;;); })"), timeoutMs: 1_000 });
  const repository = new ScratchRepository();
  const asked = request(repository, repository.commit({}));
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 10);
  await expect(planner.plan(asked)).rejects.toMatchObject({ kind: "timed_out" });
  clearInterval(turning);
  expect(turns).toBeGreaterThan(5);
});

test("the process is given no credentials of this one", async () => {
  const told =
    "process.on('message', ({ id }) => process.send({ id, ok: false, message: JSON.stringify(process.env) }))";
  process.env["DELTA_TEST_CREDENTIAL"] = "hunter2";
  onTestFinished(() => void delete process.env["DELTA_TEST_CREDENTIAL"]);
  const planner = world({ program: program(told) });
  const repository = new ScratchRepository();
  const failure: unknown = await planner
    .plan(request(repository, repository.commit({})))
    .catch((e: unknown) => e);
  expect((failure as Error).message).toContain("PATH");
  expect((failure as Error).message).not.toContain("hunter2");
});

test.each([
  ["a loop", "for (;;);"],
  ["a regular expression", "/^(a|aa)+$/.test('a'.repeat(200) + 'b');"],
])(
  "a process that spins in %s does not outlive a parent that is killed",
  async (_, spinning) => {
    const told = join(mkdtempSync(join(tmpdir(), "delta-planner-")), "pid");
    onTestFinished(() => rmSync(dirname(told), { recursive: true, force: true }));
    const tell = `fs.writeFileSync(${JSON.stringify(told)}, String(process.pid))`;
    const child = program(`import fs from "node:fs"; process.on("message", () => { ${tell}; ${spinning} });`);
    const planner = JSON.stringify(import.meta.resolve("../../../control-plane/planning/planner.ts"));
    const parent = spawn(process.execPath, [
      program(
        `import { createPlanner } from ${planner}; createPlanner({ program: ${JSON.stringify(child)} }).plan({});`,
      ),
    ]);
    onTestFinished(() => void parent.kill("SIGKILL"));
    const pidOf = () => Number(readFileSync(told, "utf8"));
    await expect.poll(() => existsSync(told) && pidOf() > 0, { timeout: 20_000 }).toBe(true);
    const spinner = pidOf();
    onTestFinished(() => {
      if (isLive(spinner)) process.kill(spinner, "SIGKILL");
    });
    expect(isLive(spinner)).toBe(true);
    parent.kill("SIGKILL");
    await expect.poll(() => isLive(spinner), { timeout: 10_000 }).toBe(false);
  },
  30_000,
);

test.each([
  ["hangs", "for (;;);", "timed_out"],
  ["dies", "process.abort();", "crashed"],
])("what a process that %s has started ends with it", async (_, ending, kind) => {
  const told = join(mkdtempSync(join(tmpdir(), "delta-planner-")), "pid");
  onTestFinished(() => rmSync(dirname(told), { recursive: true, force: true }));
  const busy = `const { pid } = spawn("sleep", ["600"]); fs.writeFileSync(${JSON.stringify(told)}, String(pid))`;
  const text = `import fs from "node:fs"; import { spawn } from "node:child_process";
    process.on("message", () => { ${busy}; ${ending} });`;
  const planner = world({ program: program(text), timeoutMs: 2_000 });
  const repository = new ScratchRepository();
  await expect(planner.plan(request(repository, repository.commit({})))).rejects.toMatchObject({ kind });
  const pid = Number(readFileSync(told, "utf8"));
  onTestFinished(() => {
    if (isLive(pid)) process.kill(pid, "SIGKILL");
  });
  await expect.poll(() => isLive(pid)).toBe(false);
});

test("a base that searches messages by a regular expression is not asked of git", async () => {
  const planner = world({ timeoutMs: 10_000 });
  const repository = new ScratchRepository();
  // Git gives no answer to this within any time that was waited.
  const base = `refs/heads/main^{/(a*)*(a*)*\\1\\2b}`;
  const pipeline = `${PIPELINE}changes: { base: ${JSON.stringify(base)} }\n`;
  repository.commit({ ".delta/pipeline.yaml": pipeline });
  repository.git("commit", "--quiet", "--allow-empty", "-m", "a".repeat(40_000));
  const { diagnostics } = await planner.plan(request(repository, repository.git("rev-parse", "HEAD")));
  expect(diagnostics.map(({ code }) => code)).toContain("DC1107");
});

test("stopping ends the processes and what waits for them", async () => {
  const planner = world({ program: program("process.on('message', () => {})") });
  const repository = new ScratchRepository();
  const asked = request(repository, repository.commit({}));
  const plans = [planner.plan(asked), planner.plan(asked), planner.plan(asked)];
  const settled = Promise.allSettled(plans);
  await planner.stop();
  expect((await settled).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  await expect(planner.plan(asked)).rejects.toMatchObject({ kind: "failed" });
  await planner.stop();
});
