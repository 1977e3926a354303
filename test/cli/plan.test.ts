import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { delta, type Result } from "./support/delta.ts";
import { hasTerminal, onTerminal } from "./support/on-terminal.ts";
import { makeRepository, temporaryFolder, type TestRepository } from "./support/repository.ts";

const PIPELINE = `version: 1
name: shop
on:
  push: {}
  pull_request: {}
jobs:
  docs:
    changes: ["**/*.md"]
    steps:
      - run: echo docs
  code:
    changes: ["src/**"]
    steps:
      - run: echo code
  release:
    if: \${{ event.kind == 'pull_request' }}
    steps:
      - run: echo release
`;

function shop(): TestRepository {
  const repository = makeRepository({ ".delta/pipeline.yaml": PIPELINE, "README.md": "1", "src/a.js": "1" });
  repository.commit("change the code", { "src/a.js": "2" });
  return repository;
}

function ask(repository: TestRepository, ...args: string[]): Promise<Result> {
  return delta(args, { cwd: repository.path });
}

describe("delta plan", () => {
  test("says for every job whether it runs and why", async () => {
    const { code, stdout } = await ask(shop(), "plan", "--base", "HEAD~1");
    expect(code).toBe(0);
    expect(stdout).toMatch(/run +code .*src\/a\.js/);
    expect(stdout).toMatch(/skip +docs /);
    expect(stdout).toMatch(/Plan sha256:[0-9a-f]{64}/);
  });

  test("--out writes canonical JSON whose SHA-256 is the digest that --json names", async () => {
    const repository = shop();
    const out = join(temporaryFolder(), "plan.json");
    const { stdout } = await ask(repository, "plan", "--base", "HEAD~1", "--out", out, "--json");
    const written = readFileSync(out);
    const answer = JSON.parse(stdout);
    expect(answer.digest).toBe(`sha256:${createHash("sha256").update(written).digest("hex")}`);
    expect(JSON.parse(written.toString())).toEqual(answer.plan);
    expect(answer).toMatchObject({ version: 1, diagnostics: [] });
    expect(stdout).toContain(`"plan":${written.toString()}`);
  });

  test.skipIf(!hasTerminal)(
    "--json is indented on a terminal and one line elsewhere, with one meaning",
    async () => {
      const { path: cwd } = shop();
      const command = ["plan", "--base", "HEAD~1", "--json"];
      const elsewhere = await delta(command, { cwd });
      const seen = await onTerminal(command, { cwd });
      expect(elsewhere.stdout.match(/\n/g)).toHaveLength(1);
      expect(seen).toBe(`${JSON.stringify(JSON.parse(elsewhere.stdout), null, 2)}\n`);
    },
  );

  test("an event spelled out gives one digest, whatever the clone is called and stands on", async () => {
    const repository = shop();
    const head = repository.git("rev-parse", "HEAD");
    const before = repository.git("rev-parse", "HEAD~1");
    const event = ["--event", "push", "--ref", "refs/heads/main", "--default-branch", "main", "--head", head];
    const digest = async (from: TestRepository, ...more: string[]): Promise<string> =>
      JSON.parse((await ask(from, "plan", ...event, ...more, "--json")).stdout).digest;
    const first = await digest(repository, "--before", before);
    const other = makeRepository();
    other.git("fetch", "--quiet", repository.path, "main");
    other.git("checkout", "--quiet", "-b", "elsewhere", "FETCH_HEAD");
    expect(await digest(other, "--before", before)).toBe(first);
    expect(await digest(other, "--before", "elsewhere~1")).toBe(first);
    expect(await digest(other)).not.toBe(first);
  });

  test("an all-zero before is a first push: everything is considered, loudly", async () => {
    const repository = shop();
    const args = [
      "--event",
      "push",
      "--ref",
      "refs/heads/main",
      "--head",
      "HEAD",
      "--before",
      "0".repeat(40),
    ];
    const { code, stdout } = await ask(repository, "plan", ...args, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout).plan.changes.ladder).not.toEqual([]);
  });

  test("--all selects whatever no path would, but not against the event, and names narrow it to those and what they need", async () => {
    const repository = shop();
    const keys = async (...args: string[]): Promise<string[]> =>
      JSON.parse((await ask(repository, "plan", ...args, "--json")).stdout).plan.jobs.map(
        ({ key }: { key: string }) => key,
      );
    expect(await keys("--all")).toEqual(["docs", "code"]);
    expect(await keys("docs")).toEqual(["docs"]);
  });

  test("--max-jobs, or its variable, limits a plan; the same plan within the limit has the same digest", async () => {
    const repository = shop();
    const within = await ask(repository, "plan", "--base", "HEAD~1", "--max-jobs", "3", "--json");
    const byDefault = await ask(repository, "plan", "--base", "HEAD~1", "--json");
    expect(JSON.parse(within.stdout).digest).toBe(JSON.parse(byDefault.stdout).digest);
    for (const command of [
      ["plan"],
      ["explain", "code"],
      ["why-not", "docs"],
      ["validate"],
      ["diff", "HEAD~1..HEAD"],
    ]) {
      const { code, stdout, stderr } = await ask(repository, ...command, "--max-jobs", "2");
      expect([code, stdout + stderr]).toEqual([1, expect.stringContaining("DC1205")]);
    }
    const env = { DELTA_PLAN_JOBS_MAX: "2" };
    expect(await delta(["plan"], { cwd: repository.path, env })).toMatchObject({ code: 1 });
    expect(await ask(repository, "plan", "--max-jobs", "10001")).toMatchObject({ code: 2 });
  });

  test("an unknown job suggests the nearest one and ends with 2", async () => {
    const { code, stderr } = await ask(shop(), "plan", "dosc");
    expect(code).toBe(2);
    expect(stderr).toContain("did you mean `docs`");
  });

  test.each([
    ["a flag of an event without --event", ["--ref", "refs/heads/main"], "--event"],
    ["an event without its head", ["--event", "push", "--ref", "refs/heads/main"], "--head"],
    ["an unknown kind of event", ["--event", "pushed", "--ref", "x", "--head", "HEAD"], "push, pull_request"],
    ["a head and the working tree at once", ["--head", "HEAD", "--worktree"], "--worktree"],
  ])("%s is wrong usage", async (_what, args, named) => {
    const { code, stderr } = await ask(shop(), "plan", ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(named);
  });
});

describe("delta explain, why-not and diff", () => {
  test("explain names the rule, its place, the path and the glob", async () => {
    const { code, stdout } = await ask(shop(), "explain", "code", "--base", "HEAD~1");
    expect(code).toBe(0);
    expect(stdout).toContain("src/a.js matches src/**");
    expect(stdout).toMatch(/\.delta\/pipeline\.yaml:1[0-9]:/);
  });

  test("why-not names a path that would run the job, and it does", async () => {
    const repository = shop();
    const { stdout } = await ask(repository, "why-not", "docs", "--base", "HEAD~1", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ runs: false, would_run_if: ["`README.md` changed"] });
    repository.commit("do it", { "README.md": "2" });
    const then = await ask(repository, "plan", "--base", "HEAD~2", "--json");
    expect(JSON.parse(then.stdout).plan.jobs.map(({ key }: { key: string }) => key)).toContain("docs");
  });

  test("why-not names an event when no path would do", async () => {
    const { stdout } = await ask(shop(), "why-not", "release", "--base", "HEAD~1", "--json");
    expect(JSON.parse(stdout).would_run_if).toEqual(["it were a pull request (`opened`) into `main`"]);
  });

  test("why-not of a job that runs says why it runs", async () => {
    const { stdout } = await ask(shop(), "why-not", "code", "--base", "HEAD~1", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ runs: true, would_run_if: [] });
  });

  test("diff lists what a change of the pipeline gains, loses and changes", async () => {
    const repository = shop();
    const changed = PIPELINE.replace("  docs:", "  documents:").replace("echo code", "echo other");
    repository.commit("rename", { ".delta/pipeline.yaml": changed });
    const { code, stdout } = await ask(repository, "diff", "HEAD~1..HEAD", "--json");
    expect(code).toBe(0);
    const diff = JSON.parse(stdout);
    expect(diff).toMatchObject({ version: 1, gained: ["documents"], lost: ["docs"] });
    expect(diff.changed.map(({ key }: { key: string }) => key)).toContain("code");
    expect((await ask(repository, "diff", "HEAD~1")).code).toBe(2);
  });

  test("an unknown job ends with 2 and a suggestion", async () => {
    const { code, stderr } = await ask(shop(), "explain", "coed");
    expect(code).toBe(2);
    expect(stderr).toContain("Did you mean code?");
  });
});
