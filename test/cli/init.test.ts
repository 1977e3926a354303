import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { delta } from "./support/delta.ts";
import { makeRepository, temporaryFolder } from "./support/repository.ts";

const PIPELINE = join(".delta", "pipeline.yaml");

describe("delta init", () => {
  test.each([
    [
      "npm",
      { "package.json": '{"scripts":{"test":"node --test","lint":"x"}}', "package-lock.json": "{}" },
      "npm ci",
      ["lint", "test"],
    ],
    [
      "pnpm",
      { "package.json": '{"scripts":{"build":"x"}}', "pnpm-lock.yaml": "" },
      "pnpm install --frozen-lockfile",
      ["build"],
    ],
    [
      "yarn",
      { "package.json": '{"scripts":{"test":"x"}}', "yarn.lock": "" },
      "yarn install --immutable",
      ["test"],
    ],
    [
      "cargo",
      { "Cargo.toml": "[package]", "Cargo.lock": "" },
      "cargo test --workspace --locked",
      ["cargo-check", "cargo-test"],
    ],
    ["go", { "services/go.mod": "module x" }, "go test ./...", ["go-test-services"]],
  ])("writes jobs for what a %s repository has", async (ecosystem, files, command, jobs) => {
    const repository = makeRepository(files);
    const { code, stdout } = await delta(["init"], { cwd: repository.path });
    expect(code).toBe(0);
    expect(stdout).toBe(`wrote ${PIPELINE} (found ${ecosystem})\n`);
    const text = readFileSync(join(repository.path, PIPELINE), "utf8");
    expect(text).toContain(command);
    const pipeline = parse(text);
    expect(pipeline.discover).toEqual([ecosystem]);
    expect(Object.keys(pipeline.jobs)).toEqual(jobs);
  });

  test("finds several ecosystems at once, from a folder below the root", async () => {
    const repository = makeRepository({
      "package.json": '{"scripts":{"test":"x"}}',
      "go.mod": "module x",
      "deep/down/file": "",
    });
    const { code } = await delta(["init"], { cwd: join(repository.path, "deep", "down") });
    expect(code).toBe(0);
    const pipeline = parse(readFileSync(join(repository.path, PIPELINE), "utf8"));
    expect(Object.keys(pipeline.jobs)).toEqual(["test", "go-test"]);
  });

  test.each([
    ["npm", { "package.json": '{"scripts":{"test":"x"}}', "package-lock.json": "{}", "a.js": "" }],
    [
      "npm workspaces",
      { "package.json": '{"workspaces":["p/*"],"scripts":{"test":"x"}}', "p/a/package.json": "{}" },
    ],
    ["pnpm", { "package.json": '{"scripts":{"build":"x"}}', "pnpm-workspace.yaml": "packages: [a]" }],
    ["yarn", { "package.json": '{"scripts":{"lint":"x"}}', "yarn.lock": "", "src/a.ts": "" }],
    ["cargo", { "Cargo.toml": '[package]\nname = "a"\nversion = "1.0.0"', "src/lib.rs": "" }],
    ["go", { "a/go.mod": "module a", "A/go.mod": "module b", "a/x.go": "package a" }],
    [
      "packages with scripts of their own, beside others",
      {
        "package.json": '{"workspaces":["p/*"]}',
        "p/a/package.json": '{"name":"a","scripts":{"test":"x"}}',
        "p/b/package.json": '{"name":"b"}',
        "p/c/Cargo.toml": '[package]\nname = "c"\nversion = "1.0.0"',
      },
    ],
    ["unknown", { "notes.txt": "" }],
    [
      "mixed",
      {
        "package.json": '{"scripts":{"test":"x"}}',
        "Cargo.toml": '[package]\nname = "a"\nversion = "1.0.0"',
        "go.mod": "module a",
      },
    ],
  ])(
    "what it writes for %s has no finding, before and after the first commit, and plans",
    async (_what, files) => {
      const repository = makeRepository();
      const here = { cwd: repository.path };
      repository.write(files);
      expect((await delta(["init"], here)).code).toBe(0);
      const valid = { code: 0, stdout: `${PIPELINE} is valid\n`, stderr: "" };
      expect(await delta(["validate"], here)).toMatchObject(valid);
      repository.commit("first");
      expect(await delta(["validate"], here)).toMatchObject(valid);
      const { stdout } = await delta(["plan", "--all", "--json"], here);
      const { plan, diagnostics } = JSON.parse(stdout);
      expect(diagnostics).toEqual([]);
      expect(plan.jobs.length).toBeGreaterThan(0);
    },
  );

  test.each([
    ["npm", { "package.json": '{"scripts":{"test":"x"}}' }, "npm install"],
    ["pnpm", { "package.json": '{"scripts":{"test":"x"}}', "pnpm-workspace.yaml": "" }, "pnpm install"],
    [
      "the first yarn",
      { "package.json": '{"scripts":{"test":"x"}}', "yarn.lock": "# yarn lockfile v1\n" },
      "yarn install --frozen-lockfile",
    ],
    ["cargo", { "Cargo.toml": "[package]" }, "cargo check --workspace"],
  ])(
    "asks %s to hold to no lockfile that is not there, nor in words that it does not know",
    async (_what, files, command) => {
      const { stdout } = await delta(["init", "--print"], { cwd: makeRepository(files).path });
      const [job] = Object.values<{ steps: { run: string }[] }>(parse(stdout).jobs);
      expect(job?.steps[0]?.run).toBe(command);
    },
  );

  test("scripts that only packages of a workspace have run for each affected one of those", async () => {
    const manifest = (name: string, more: object = {}): string =>
      JSON.stringify({ name, version: "1.0.0", scripts: { test: "x" }, ...more });
    const repository = makeRepository({
      "package.json": '{"workspaces":["packages/*","apps/*"]}',
      "packages/a/package.json": manifest("a"),
      "packages/b/package.json": manifest("b", { dependencies: { a: "1.0.0" } }),
      "apps/web/package.json": manifest("web", { scripts: { test: "x", build: "x" } }),
      "apps/docs/package.json": '{"name":"docs"}',
    });
    const { stdout } = await delta(["init"], { cwd: repository.path });
    expect(stdout).toContain("(found npm)");
    repository.commit("pipeline");
    const { jobs } = parse(readFileSync(join(repository.path, PIPELINE), "utf8"));
    expect(jobs.test).toMatchObject({ for_each: "affected", components: ["apps/web", "packages/*"] });
    expect(jobs.build).toMatchObject({ for_each: "affected", components: ["apps/web"] });
    repository.commit("change a", { "packages/a/data.txt": "1" });
    const planned = await delta(["plan", "--json"], { cwd: repository.path });
    expect(JSON.parse(planned.stdout).plan.jobs.map(({ key }: { key: string }) => key)).toEqual([
      "test[component=a]",
      "test[component=b]",
    ]);
  });

  test("a Go module is found at any depth, and runs for a module that it depends on", async () => {
    const repository = makeRepository({
      "lib/go.mod": "module example.test/lib\n\ngo 1.22\n",
      "services/mail/go.mod":
        "module example.test/mail\n\ngo 1.22\n\nrequire example.test/lib v0.0.0\n\nreplace example.test/lib => ../../lib\n",
      "services/mail/testdata/go.mod": "module none\n",
    });
    await delta(["init"], { cwd: repository.path });
    repository.commit("pipeline");
    repository.commit("change lib", { "lib/schema.sql": "1" });
    const { stdout } = await delta(["plan", "--json"], { cwd: repository.path });
    expect(JSON.parse(stdout).plan.jobs.map(({ key }: { key: string }) => key)).toEqual([
      "go-test-lib",
      "go-test-services-mail",
    ]);
  });

  test("a change of what is no source still runs the checks, and one of other things does not", async () => {
    const repository = makeRepository({
      "package.json": '{"scripts":{"test":"x"}}',
      "fixtures/a.txt": "1",
      "README.md": "1",
      "native/lib.rs": "1",
    });
    await delta(["init"], { cwd: repository.path });
    repository.commit("pipeline");
    const jobs = async (path: string): Promise<string[]> => {
      repository.commit("change", { [path]: path });
      const { stdout } = await delta(["plan", "--json"], { cwd: repository.path });
      return JSON.parse(stdout).plan.jobs.map(({ key }: { key: string }) => key);
    };
    expect(await jobs("fixtures/a.txt")).toEqual(["test"]);
    expect(await jobs("README.md")).toEqual([]);
    expect(await jobs("native/lib.rs")).toEqual([]);
  });

  test("leaves an existing pipeline alone unless it is forced", async () => {
    const repository = makeRepository({ [PIPELINE]: "mine\n" });
    const refused = await delta(["init", "--json"], { cwd: repository.path });
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.stdout).error.code).toBe("file_exists");
    expect(readFileSync(join(repository.path, PIPELINE), "utf8")).toBe("mine\n");
    const forced = await delta(["init", "--force"], { cwd: repository.path });
    expect(forced.code).toBe(0);
    expect(readFileSync(join(repository.path, PIPELINE), "utf8")).toContain("version: 1");
  });

  test("--print writes nothing", async () => {
    const repository = makeRepository({ "go.mod": "module x" });
    const { code, stdout } = await delta(["init", "--print"], { cwd: repository.path });
    expect(code).toBe(0);
    expect(parse(stdout).jobs["go-test"].steps).toHaveLength(2);
    expect(existsSync(join(repository.path, PIPELINE))).toBe(false);
  });

  test("outside a git repository it says so and ends with 3", async () => {
    const { code, stderr } = await delta(["init"], { cwd: temporaryFolder() });
    expect(code).toBe(3);
    expect(stderr).toMatch(/^delta: .* is not inside a git repository\n/);
  });

  test("without git on the path it says so and ends with 3", async () => {
    const { code, stderr } = await delta(["init"], { cwd: temporaryFolder(), env: { PATH: "/nowhere" } });
    expect(code).toBe(3);
    expect(stderr).toContain("git was not found on PATH");
  });
});
