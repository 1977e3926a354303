import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { delta } from "./support/delta.ts";
import { makeRepository, temporaryFolder } from "./support/repository.ts";

const PIPELINE = join(".delta", "pipeline.yaml");

describe("delta init", () => {
  test.each([
    ["npm", { "package.json": '{"scripts":{"test":"node --test","lint":"x"}}' }, "npm ci", ["lint", "test"]],
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
      { "Cargo.toml": "[package]" },
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
