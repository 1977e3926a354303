import { describe, expect, test } from "vitest";
import { delta, type Result } from "./support/delta.ts";
import { makeRepository, temporaryFolder, type TestRepository } from "./support/repository.ts";

const SHOP = {
  "package.json": '{"name":"shop","private":true,"workspaces":["packages/*"]}',
  "package-lock.json": JSON.stringify({
    lockfileVersion: 3,
    packages: {
      "": { name: "shop", workspaces: ["packages/*"] },
      "node_modules/a": { resolved: "packages/a", link: true },
      "node_modules/b": { resolved: "packages/b", link: true },
      "packages/a": { name: "a", version: "1.0.0" },
      "packages/b": { name: "b", version: "1.0.0", dependencies: { a: "1.0.0" } },
    },
  }),
  "packages/a/package.json": '{"name":"a","version":"1.0.0"}',
  "packages/a/index.js": "1",
  "packages/b/package.json": '{"name":"b","version":"1.0.0",\n "dependencies":{"a":"1.0.0"}}',
  "packages/b/index.js": "1",
};

const PIPELINE = `version: 1
name: shop
components:
  docs:
    root: docs
    depends_on: [a]
discover: [npm]
unowned: [docs]
global_inputs: ["tools/**"]
changes:
  ignore: ["notes/**"]
jobs:
  check:
    steps:
      - run: echo check
`;

async function affected(repository: TestRepository, ...args: string[]): Promise<Result> {
  return delta(["affected", ...args], { cwd: repository.path });
}

describe("delta affected", () => {
  test("prints the report of the design, sorted by root, with a reason for each component", async () => {
    const repository = makeRepository(SHOP);
    const base = repository.git("rev-parse", "HEAD");
    const head = repository.commit("change a", { "packages/a/index.js": "2" });
    const { code, stdout, stderr } = await affected(repository, "--base", base, "--head", head, "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const report = JSON.parse(stdout);
    const a = {
      id: "a",
      root: "packages/a",
      kind: "npm",
      because: [{ cause: "path", path: "packages/a/index.js", status: "M" }],
    };
    expect(Object.keys(report)).toEqual([
      "version",
      "base",
      "head",
      "merge_base",
      "changed",
      "direct",
      "affected",
      "uncertain",
    ]);
    expect(report).toMatchObject({
      version: 1,
      base,
      head,
      merge_base: base,
      changed: [{ status: "M", path: "packages/a/index.js" }],
      direct: [a],
      uncertain: [],
    });
    expect(report.affected).toHaveLength(2);
    expect(report.affected[0]).toEqual(a);
    expect(report.affected[1]).toMatchObject({
      id: "b",
      root: "packages/b",
      because: [
        { cause: "dependency", on: "packages/a", place: { file: "packages/b/package.json", line: 2 } },
      ],
    });
  });

  test("reads git objects alone: neither the index nor the working tree counts", async () => {
    const repository = makeRepository(SHOP);
    repository.commit("change b", { "packages/b/index.js": "2" });
    repository.write({ "packages/a/index.js": "uncommitted", "packages/a/package.json": "{ broken" });
    repository.git("add", "packages/a/index.js");
    const { stdout } = await affected(repository, "--base", "HEAD~1", "--json");
    expect(JSON.parse(stdout).affected.map(({ id }: { id: string }) => id)).toEqual(["b"]);
  });

  test("--worktree counts what is not committed, staged or not, and leaves the index as it was", async () => {
    const repository = makeRepository(SHOP);
    repository.write({ "packages/b/new file.js": "1" });
    const before = repository.git("status", "--porcelain=v2");
    const { stdout } = await affected(repository, "--base", "HEAD", "--worktree", "--json");
    expect(JSON.parse(stdout).changed).toEqual([{ status: "A", path: "packages/b/new file.js" }]);
    expect(repository.git("status", "--porcelain=v2")).toBe(before);
  });

  test("names with spaces, quotes, newlines and bytes that are no UTF-8 come out whole", async () => {
    const repository = makeRepository(SHOP);
    const blob = repository.git("hash-object", "-w", "packages/a/index.js");
    repository.write({ "packages/a/with space": "", 'packages/a/"quoted"': "", "packages/a/new\nline": "" });
    repository.git("add", "--all");
    const latin1 = Buffer.concat([Buffer.from("packages/b/caf"), Buffer.from([0xe9])]);
    const { execFileSync } = await import("node:child_process");
    const entry = Buffer.concat([Buffer.from(`100644 ${blob}\t`), latin1, Buffer.from("\0")]);
    execFileSync("git", ["update-index", "-z", "--index-info"], { cwd: repository.path, input: entry });
    repository.git("commit", "--quiet", "-m", "odd names");
    const { stdout } = await affected(repository, "--base", "HEAD~1", "--head", "HEAD", "--json");
    const report = JSON.parse(stdout);
    expect(report.changed.map(({ path }: { path: string }) => path)).toEqual([
      'packages/a/"quoted"',
      "packages/a/new\nline",
      "packages/a/with space",
      "packages/b/caf\\xe9",
    ]);
    expect(report.affected.map(({ id }: { id: string }) => id)).toEqual(["a", "b"]);
    const human = await affected(repository, "--base", "HEAD~1");
    expect(human.stdout).toContain("packages/b/caf\\xe9");
  });

  test("a pipeline with errors does not count, and the report says so", async () => {
    const repository = makeRepository(SHOP);
    repository.commit("pipeline", { ".delta/pipeline.yaml": "this is: [no pipeline" });
    const { code, stdout } = await affected(repository, "--base", "HEAD~1", "--json");
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report.affected).toHaveLength(3);
    expect(report.uncertain).toMatchObject([
      { code: "path_unowned" },
      { code: "graph_unknown", paths: [".delta/pipeline.yaml"], added: [] },
    ]);
    const human = await affected(repository, "--base", "HEAD~1");
    expect(human.stdout).toContain("doubt graph_unknown: .delta/pipeline.yaml has errors");
  });

  test("says what a plan of the same change says, with the components and paths of its pipeline", async () => {
    const repository = makeRepository(SHOP);
    repository.commit("pipeline", { ".delta/pipeline.yaml": PIPELINE, "docs/guide.md": "1", "tools/x": "1" });
    const roots = async (files: Record<string, string>): Promise<string[]> => {
      repository.commit("change", files);
      const { stdout } = await affected(repository, "--base", "HEAD~1", "--json");
      const planned = await delta(["plan", "--base", "HEAD~1", "--json"], { cwd: repository.path });
      const report = JSON.parse(stdout);
      expect(report.affected).toEqual(JSON.parse(planned.stdout).plan.components.affected);
      return report.affected.map(({ root }: { root: string }) => root);
    };
    expect(await roots({ "docs/guide.md": "2" })).toEqual(["docs"]);
    expect(await roots({ "packages/a/index.js": "2" })).toEqual(["docs", "packages/a", "packages/b"]);
    expect(await roots({ "notes/ignored": "2" })).toEqual([]);
    expect(await roots({ "tools/x": "2" })).toEqual([".", "docs", "packages/a", "packages/b"]);
    expect(await roots({ "elsewhere/new": "2" })).toEqual(["docs"]);
    expect(await roots({ ".delta/pipeline.yaml": `${PIPELINE}# a note\n` })).toEqual([]);
  });

  test("reads the pipeline of the head commit, not of the working tree", async () => {
    const repository = makeRepository({ ...SHOP, "docs/guide.md": "1" });
    repository.commit("change", { "docs/guide.md": "2" });
    repository.write({ ".delta/pipeline.yaml": PIPELINE });
    const committed = await affected(repository, "--base", "HEAD~1", "--json");
    expect(JSON.parse(committed.stdout).affected).toHaveLength(3);
    const tree = await affected(repository, "--base", "HEAD~1", "--worktree", "--json");
    expect(JSON.parse(tree.stdout).affected.map(({ root }: { root: string }) => root)).toEqual(["docs"]);
  });

  test("a path that `unowned: error` refuses is named, and the command ends with 1", async () => {
    const pipeline = PIPELINE.replace("unowned: [docs]", "unowned: error");
    const repository = makeRepository({ ...SHOP, ".delta/pipeline.yaml": pipeline, "docs/guide.md": "1" });
    repository.commit("change", { "elsewhere/new": "1" });
    const { code, stderr } = await affected(repository, "--base", "HEAD~1");
    expect(code).toBe(1);
    expect(stderr).toContain("elsewhere/new changed and belongs to no component");
  });

  test("for people it says what changed and why each component counts", async () => {
    const repository = makeRepository(SHOP);
    repository.commit("change a", { "packages/a/index.js": "2" });
    const { stdout } = await affected(repository, "--base", "HEAD~1");
    expect(stdout).toMatch(/^2 components affected, 1 path changed since [0-9a-f]{12}\n/);
    expect(stdout).toContain("  a (packages/a)\n    M packages/a/index.js\n");
    expect(stdout).toContain("depends on packages/a (runtime, packages/b/package.json:2)");
  });

  test.each([
    ["a base that is not there", ["--base", "no-such-branch"], "no-such-branch"],
    ["a head that is not there", ["--head", "deadbeef"], "deadbeef"],
    ["an option in place of a revision", ["--base=--output=x"], "--output=x"],
  ])("%s is named and ends with 3", async (_what, args, named) => {
    const repository = makeRepository(SHOP);
    const { code, stdout, stderr } = await affected(repository, ...args);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toContain(named);
  });

  test("a repository without commits and a folder that is none end with 3", async () => {
    const empty = await affected(makeRepository());
    const none = await delta(["affected", "--json"], { cwd: temporaryFolder() });
    expect([empty.code, none.code]).toEqual([3, 3]);
    expect(empty.stderr).toContain("make a first commit");
    expect(empty.stderr).not.toContain("Fetch");
    expect(JSON.parse(none.stdout).error.code).toBe("not_a_git_repository");
  });
});

describe("delta graph", () => {
  test("text names kinds, edges and the manifest lines they come from", async () => {
    const { stdout } = await delta(["graph"], { cwd: makeRepository(SHOP).path });
    expect(stdout).toContain("b (packages/b) npm\n  → a (packages/a) (runtime, packages/b/package.json:2)\n");
  });

  test("json, dot and mermaid hold the same components and edges", async () => {
    const { path } = makeRepository(SHOP);
    const [json, alsoJson, dot, mermaid] = await Promise.all(
      [["--format", "json"], ["--json"], ["--format", "dot"], ["--format", "mermaid"]].map((args) =>
        delta(["graph", ...args], { cwd: path }),
      ),
    );
    const graph = JSON.parse(json?.stdout ?? "");
    expect(alsoJson?.stdout).toBe(json?.stdout);
    expect(graph.components.map(({ root }: { root: string }) => root)).toEqual([
      ".",
      "packages/a",
      "packages/b",
    ]);
    expect(graph.edges).toContainEqual(expect.objectContaining({ from: "packages/b", to: "packages/a" }));
    expect(dot?.stdout).toContain('c2 -> c1 [label="runtime"];');
    expect(mermaid?.stdout).toContain("c2 -->|runtime| c1");
  });

  test("--base marks what the change affects", async () => {
    const repository = makeRepository(SHOP);
    repository.commit("change a", { "packages/a/index.js": "2" });
    const { stdout } = await delta(["graph", "--base", "HEAD~1"], { cwd: repository.path });
    expect(stdout).toMatch(/^\* a /m);
    expect(stdout).toMatch(/^\* b /m);
    expect(stdout).toMatch(/^ {2}shop /m);
  });

  test("holds the components that the pipeline of the commit declares, and says when it cannot be read", async () => {
    const repository = makeRepository({ ...SHOP, ".delta/pipeline.yaml": PIPELINE, "docs/guide.md": "1" });
    const { stdout, stderr } = await delta(["graph"], { cwd: repository.path });
    expect(stderr).toBe("");
    expect(stdout).toContain("docs declared\n  → a (packages/a) (declared, .delta/pipeline.yaml:6)\n");
    repository.commit("break it", { ".delta/pipeline.yaml": "jobs: 3" });
    const broken = await delta(["graph"], { cwd: repository.path });
    expect(broken.stdout).not.toContain("docs");
    expect(broken.stderr).toMatch(
      /^delta: .delta\/pipeline.yaml has errors, .*`delta validate` shows them\n$/,
    );
  });
});
