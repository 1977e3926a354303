import { spawn } from "node:child_process";
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { delta, environment, finished, ROOT, type Result } from "./support/delta.ts";
import { makeRepository, temporaryFolder, type TestRepository } from "./support/repository.ts";

const PIPELINE = ".delta/pipeline.yaml";
const SHOP = {
  "package.json": '{"name":"shop","workspaces":["packages/*"]}',
  "packages/a/package.json": '{"name":"@shop/a","version":"1.0.0"}',
  "packages/b/package.json": '{"name":"@shop/b","version":"1.0.0"}',
  [PIPELINE]:
    "version: 1\ndiscover: [npm]\njobs:\n  each: { for_each: affected, steps: [make] }\n  docs: { changes: ['docs/**'], steps: [make] }\n",
  "docs/a.md": "1",
};

function ask({ path: cwd }: TestRepository, ...args: string[]): Promise<Result> {
  return delta(args, { cwd });
}

describe("a git that cannot do it", () => {
  test("that is missing is said once, and what to do", async () => {
    const { path: cwd } = makeRepository(SHOP);
    const { code, stderr } = await delta(["plan"], { cwd, env: { PATH: "/nowhere" } });
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: "delta: git was not found on PATH; install git 2.30 or newer\n",
    });
  });

  test("that is too old is said to be so, not what it did not understand", async () => {
    const folder = temporaryFolder();
    const program =
      '#!/bin/sh\n[ "$1" = --version ] && echo git version 1.8.3.1 && exit\necho unknown >&2\nexit 129\n';
    writeFileSync(join(folder, "git"), program);
    chmodSync(join(folder, "git"), 0o755);
    const { path: cwd } = makeRepository(SHOP);
    for (const command of ["plan", "affected"]) {
      const { code, stderr } = await delta([command], { cwd, env: { PATH: folder } });
      expect({ code, stderr }).toEqual({
        code: 3,
        stderr: "delta: git 1.8.3.1 on PATH is too old; install git 2.30 or newer\n",
      });
    }
  });
});

describe.skipIf(process.getuid?.() !== 0)("a repository of another user", () => {
  test("is said to be that once, with the one line that trusts it", async () => {
    const { path: cwd } = makeRepository(SHOP);
    for (const name of ["", ".git"]) chownSync(join(cwd, name), 65_534, 65_534);
    const { code, stderr } = await delta(["plan"], { cwd });
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: `delta: ${cwd} belongs to another user; if you trust it, run: git config --global --add safe.directory ${cwd}\n`,
    });
  });
});

describe("a pipeline that is not where it is looked for", () => {
  test("in the commit, but is in the working tree, is said to be there", async () => {
    const repository = makeRepository({ "README.md": "1" });
    expect((await ask(repository, "plan")).stderr).toMatch(/\n`delta init` writes a first one\.\n$/);
    repository.write({ [PIPELINE]: SHOP[PIPELINE] });
    for (const command of [["plan"], ["explain", "docs"], ["why-not", "docs"]]) {
      const { code, stderr } = await ask(repository, ...command);
      expect(code).toBe(1);
      expect(stderr).toMatch(/\nThe working tree has one: commit it, or .* --worktree\.\n$/);
    }
    expect((await ask(repository, "plan", "--worktree")).code).toBe(0);
  });

  test("because it is a link or a folder is said to be that, and no new one is advised", async () => {
    const repository = makeRepository({ "elsewhere.yaml": "version: 1" });
    mkdirSync(join(repository.path, ".delta"));
    symlinkSync("../elsewhere.yaml", join(repository.path, PIPELINE));
    const link = await ask(repository, "validate");
    expect([link.code, link.stderr]).toEqual([
      3,
      expect.stringMatching(/ is a symbolic link; it has to be a file\n$/),
    ]);
    const other = makeRepository();
    mkdirSync(join(other.path, PIPELINE), { recursive: true });
    const folder = await ask(other, "validate");
    expect([folder.code, folder.stderr]).toEqual([
      3,
      expect.stringMatching(/ is a folder; it has to be a file\n$/),
    ]);
  });

  test("but on standard input is not called by the path it stands for", async () => {
    const { path: cwd } = makeRepository();
    const { stdout } = await delta(["validate", "-"], { cwd });
    expect(stdout).toContain("`(standard input)` has no content");
    expect(stdout).not.toContain(PIPELINE);
  });
});

describe("a name that is nobody's", () => {
  test.each([["explain"], ["why-not"]])(
    "is quoted, and %s lists jobs, not their instances",
    async (command) => {
      const { code, stderr } = await ask(makeRepository(SHOP), command, "nothing-like-it");
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: "delta: the pipeline has no job `nothing-like-it`\nIt has: each, docs.\n",
      });
    },
  );

  test("of a job to plan says where the jobs are listed", async () => {
    const { code, stderr } = await ask(makeRepository(SHOP), "plan", "nothing-like-it");
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "delta: there is no job `nothing-like-it` to run\n`delta plan --full` lists the jobs.\n",
    });
  });

  test("of a component without its scope suggests the one component with that ending", async () => {
    const { code, stderr } = await ask(makeRepository(SHOP), "explain", "each[component=b]");
    expect(code).toBe(2);
    expect(stderr).toContain(
      "`each` has no instance for `b`: there is no such component; did you mean `@shop/b`?",
    );
  });

  test("of a file that cannot be written or read is named once, with the cause in words", async () => {
    const repository = makeRepository(SHOP);
    const written = await ask(repository, "plan", "--out", "nowhere/plan.json");
    expect([written.code, written.stderr]).toEqual([
      3,
      "delta: cannot write nowhere/plan.json: there is no such file or folder\n",
    ]);
    for (const [args, what] of [
      [["plan", "--policy", "docs"], "the policy docs: it is a folder"],
      [["plan", "--changed-files", "none"], "none: there is no such file or folder"],
      [["validate", "none"], "none: there is no such file or folder"],
    ] as const) {
      const { code, stderr } = await ask(repository, ...args);
      expect([code, stderr]).toEqual([3, `delta: cannot read ${what}\n`]);
    }
  });
});

test("a detached head is told by its commit alone", async () => {
  const repository = makeRepository(SHOP);
  repository.git("checkout", "--quiet", "--detach");
  const { stdout } = await ask(repository, "plan");
  expect(stdout).toMatch(/^pipeline .delta\/pipeline.yaml, push at [0-9a-f]{12}\n/);
});

test("why-not --json says that the plan which would run the job is refused, why, and how much was tried", async () => {
  const repository = makeRepository(SHOP);
  repository.commit("change one", { "packages/a/x": "1" });
  const { code, stdout } = await ask(repository, "why-not", "docs", "--max-jobs", "2", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    version: 1,
    job: "docs",
    runs: false,
    would_run_if: [],
    refused: { path: "docs/a.md", because: expect.stringContaining("more than 2 jobs") },
    tried: { paths: expect.any(Number), events: expect.any(Number) },
  });
  const runs = await ask(repository, "why-not", "docs", "--json");
  expect(JSON.parse(runs.stdout)).toMatchObject({ would_run_if: ["`docs/a.md` changed"], refused: null });
});

test("a disk that is full is named as what the answer could not be written to", async () => {
  const repository = makeRepository(SHOP);
  const full = openSync("/dev/full", "w");
  onTestFinished(() => closeSync(full));
  const child = spawn(process.execPath, [join(ROOT, "cli", "delta.js"), "plan"], {
    cwd: repository.path,
    env: environment(),
    stdio: ["pipe", full, "pipe"],
  });
  const { code, stderr } = await finished(child);
  expect([code, stderr]).toEqual([3, "delta: standard output cannot be written: the disk is full\n"]);
});
