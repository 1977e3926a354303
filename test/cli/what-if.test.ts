import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseChangedFiles } from "../../cli/changed-files.ts";
import { PROGRAM_VERSION } from "../../cli/program-version.ts";
import { samePlanCommand } from "../../compiler/render/index.ts";
import { planCommit } from "../../control-plane/planning/plan-commit.ts";
import { pushEvent } from "../../schemas/event.ts";
import type { Plan } from "../../schemas/plan.ts";
import { delta, type Result } from "./support/delta.ts";
import { makeRepository, temporaryFolder, type TestRepository } from "./support/repository.ts";

const PIPELINE = `version: 1
name: shop
changes: { base: last_green }
defaults: { timeout: 20m }
jobs:
  docs:
    changes: ["**/*.md"]
    steps: [echo docs]
  code:
    changes: ["src/**"]
    steps: [echo code]
`;

function shop(pipeline = PIPELINE): TestRepository {
  const repository = makeRepository({ ".delta/pipeline.yaml": pipeline, "README.md": "1", "src/a.js": "1" });
  repository.commit("change the code", { "src/a.js": "2" });
  repository.commit("change the text", { "README.md": "2" });
  return repository;
}

function ask(repository: TestRepository, ...args: string[]): Promise<Result> {
  return delta(args, { cwd: repository.path });
}

describe("the command that a check prints", () => {
  test("gives the digest of the server's plan on a laptop, where it compared with the last green run", async () => {
    const repository = shop();
    const head = repository.git("rev-parse", "HEAD");
    const lastGreen = repository.git("rev-parse", "HEAD~2");
    const server = await planCommit({
      repositoryPath: repository.path,
      event: pushEvent({ ref: "refs/heads/main", head, default_branch: "main" }),
      head,
      base: null,
      lastGreen,
      jobs: [],
      all: false,
      compilerVersion: PROGRAM_VERSION,
    });
    const plan = JSON.parse(server.canonical ?? "null") as Plan;
    expect(plan.changes).toMatchObject({ rule: "last_green", base: lastGreen, total: 2 });
    const command = samePlanCommand(plan, "plan");
    expect(command).toContain(`--base ${lastGreen} --base-rule last_green`);
    const out = join(repository.path, "plan.json");
    const { code, stderr } = await ask(repository, ...command.split(" ").slice(1), "--out", out);
    expect(stderr).toBe(`wrote ${out}\n`);
    expect(code).toBe(0);
    expect(readFileSync(out, "utf8")).toBe(server.canonical);
  });

  test("is refused where the pipeline does not ask for the last green run", async () => {
    const repository = shop(PIPELINE.replace("changes: { base: last_green }\n", ""));
    const { code, stderr } = await ask(repository, "plan", "--base", "HEAD~1", "--base-rule", "last_green");
    expect(code).toBe(2);
    expect(stderr).toContain("does not ask for the last green run");
  });
});

describe("a commit that the server could not have any more", () => {
  /** A laptop that still has what was last on main before history was rewritten, and a server without it. */
  function rewritten(pipeline: string) {
    const laptop = shop(pipeline);
    const lost = laptop.git("rev-parse", "HEAD");
    laptop.git("commit", "--quiet", "--amend", "-m", "say it otherwise");
    const server = join(temporaryFolder(), "server.git");
    laptop.git("clone", "--quiet", "--bare", "--no-local", ".", server);
    return { laptop, server, lost, head: laptop.git("rev-parse", "HEAD") };
  }

  test.each([
    { named: "the last green one", pipeline: PIPELINE, isBefore: false },
    { named: "the one before the push", pipeline: PIPELINE.replace(/^changes: .*\n/m, ""), isBefore: true },
  ])("is named as missing in the command, which gives the same plan anywhere: $named", async (given) => {
    const { laptop, server, lost, head } = rewritten(given.pipeline);
    const before = given.isBefore ? lost : null;
    const { canonical } = await planCommit({
      repositoryPath: server,
      event: pushEvent({ ref: "refs/heads/main", head, default_branch: "main", before }),
      head,
      base: null,
      lastGreen: given.isBefore ? null : lost,
      jobs: [],
      all: false,
      compilerVersion: PROGRAM_VERSION,
    });
    const plan = JSON.parse(canonical ?? "null") as Plan;
    expect(plan.changes).toMatchObject({ rule: "everything", base: null });
    expect(plan.changes.ladder.at(-1)?.why).toContain(lost);
    const words = samePlanCommand(plan, "plan").split(" ").slice(1);
    expect(words.slice(-2)).toEqual(["--missing-commit", lost]);
    const out = join(laptop.path, "plan.json");
    for (const cwd of [laptop.path, server]) {
      const { code, stderr } = await delta([...words, "--out", out], { cwd });
      expect([code, stderr]).toEqual([0, `wrote ${out}\n`]);
      expect(readFileSync(out, "utf8")).toBe(canonical);
    }
    const { stdout } = await ask(laptop, ...words.slice(0, -2), "--json");
    expect(JSON.parse(stdout)).toMatchObject({ plan: { changes: { base: lost } } });
  });

  test("is named by its full id", async () => {
    const { code, stderr } = await ask(shop(), "plan", "--missing-commit", "HEAD");
    expect(code).toBe(2);
    expect(stderr).toContain("--missing-commit HEAD is no full commit id");
  });
});

describe("delta plan --changed-files", () => {
  test("plans as if those paths had changed, and says in the text and in the plan that it is made up", async () => {
    const repository = shop();
    const list = join(repository.path, "list.txt");
    writeFileSync(list, "docs/new.md\n");
    const { stdout } = await ask(repository, "plan", "--changed-files", list);
    expect(stdout).toMatch(/as if 1 path changed;/);
    expect(stdout).toMatch(/run +docs /);
    expect(stdout).toMatch(/skip +code /);
    expect(stdout).toMatch(/Hypothetical plan, which no server makes: sha256:/);
    const answer = JSON.parse((await ask(repository, "plan", "--changed-files", list, "--json")).stdout);
    expect(answer).toMatchObject({
      hypothetical: true,
      plan: {
        changes: {
          paths: [{ status: "M", path: "docs/new.md" }],
          ladder: [{ why: "hypothetical: the changed files were given by hand" }],
        },
      },
    });
  });

  test("reads standard input as git prints it", async () => {
    const repository = shop();
    const diff = repository.git("diff", "--name-status", "-z", "HEAD~2", "HEAD");
    const { stdout } = await delta(["plan", "--changed-files", "-", "--json"], {
      cwd: repository.path,
      stdin: diff,
    });
    expect(JSON.parse(stdout).plan.changes.paths).toEqual([
      { status: "M", path: "README.md" },
      { status: "M", path: "src/a.js" },
    ]);
  });

  test("does not start with a list that is not there", async () => {
    const { code, stderr } = await ask(shop(), "plan", "--changed-files", "none.txt");
    expect(code).toBe(3);
    expect(stderr).toContain("none.txt");
  });

  const read = (text: string) => parseChangedFiles(Buffer.from(text), "list");

  test.each([
    ["paths alone", "a b.txt\nc\r\n\n"],
    ["paths, each with a NUL behind", "a b.txt\0c\0"],
    ["statuses", "M\ta b.txt\nM\tc\n"],
  ])("takes %s", (_name, text) => {
    expect(read(text)).toEqual([
      { status: "M", path: "a b.txt" },
      { status: "M", path: "c" },
    ]);
  });

  test("takes both sides of a rename", () => {
    const renamed = [
      { status: "R", old_path: "a", path: "b" },
      { status: "D", path: "c" },
    ];
    expect(read("R100\ta\tb\nD\tc\n")).toEqual(renamed);
    expect(read("R100\0a\0b\0D\0c\0")).toEqual(renamed);
  });

  test.each([
    ["a status that is none", "Z\ta\n"],
    ["a rename with one side", "R100\ta\n"],
    ["a path outside the repository", "../a\n"],
    ["a path of this machine", "/etc/a\n"],
    ["a path in quotes", '"a\\303\\266"\n'],
    ["a record that ends early", "M\0"],
  ])("refuses %s", (_name, text) => {
    expect(() => read(text)).toThrow(/^list has /);
  });
});

describe("delta plan --provenance", () => {
  test("names the places of a job's values, and does not change the plan", async () => {
    const repository = shop();
    const { stdout } = await ask(repository, "plan", "--base", "HEAD~1", "--provenance", "docs.timeout_ms");
    expect(stdout).toBe(
      "docs\n  timeout_ms  1200000  .delta/pipeline.yaml:4:22  20m\n      through `defaults` at .delta/pipeline.yaml:4:1\n",
    );
    const [plain, told] = await Promise.all([
      ask(repository, "plan", "--base", "HEAD~1", "--json"),
      ask(repository, "plan", "--base", "HEAD~1", "--provenance", "docs", "--json"),
    ]);
    const { provenance, ...rest } = JSON.parse(told.stdout);
    expect(rest).toEqual(JSON.parse(plain.stdout));
    expect(provenance).toContainEqual(
      expect.objectContaining({ pointer: "/jobs/0/steps/0/run", set_by: "pipeline", text: "echo docs" }),
    );
  });

  test("names the line of the operators' policy that set a value", async () => {
    const repository = shop(PIPELINE.replace("defaults: { timeout: 20m }\n", ""));
    const policy = join(repository.path, "limits.yaml");
    writeFileSync(policy, "version: 1\npolicies:\n  jobs: { timeout: 15m }\n");
    const asked = ["plan", "--base", "HEAD~1", "--policy", policy, "--provenance", "docs.timeout_ms"];
    expect((await ask(repository, ...asked)).stdout).toBe(
      `docs\n  timeout_ms  900000  ${policy}:3:11  the operators' policy (a ceiling below the default of Delta CI)\n`,
    );
  });

  test("names what it does not find", async () => {
    const { code, stderr } = await ask(shop(), "plan", "--base", "HEAD~1", "--provenance", "dcos.timeout_ms");
    expect(code).toBe(2);
    expect(stderr).toContain("the plan has no value dcos.timeout_ms");
    expect(stderr).toContain("Did you mean docs?");
  });
});
