import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { delta, environment } from "./support/delta.ts";
import { makeRepository, temporaryFolder } from "./support/repository.ts";

const PIPELINE = ".delta/pipeline.yaml";
const SHOP = {
  "package.json": '{"name":"shop","workspaces":["packages/*"]}',
  "packages/b/package.json": '{"name":"@shop/b","version":"1.0.0"}',
  [PIPELINE]:
    "version: 1\ndiscover: [npm]\njobs:\n  each: { for_each: affected, steps: [make] }\n  docs: { changes: ['docs/**'], steps: [make] }\n",
};

describe("a clone that does not have everything", () => {
  /** A clone whose server would send the rest, after a change of a manifest that only its history has. */
  function cloneOf(...options: string[]): string {
    const origin = makeRepository(SHOP);
    origin.git("config", "uploadpack.allowFilter", "true");
    origin.git("config", "uploadpack.allowAnySHA1InWant", "true");
    origin.commit("raise it", { "packages/b/package.json": '{"name":"@shop/b","version":"1.0.1"}' });
    const path = join(temporaryFolder(), "clone");
    origin.git("clone", "--quiet", ...options, `file://${origin.path}`, path);
    return path;
  }

  test.each(["blob:none", "tree:0"])(
    "by --filter=%s is told what to have git fetch, and plans after it",
    async (filter) => {
      const cwd = cloneOf(`--filter=${filter}`);
      const plan = ["plan", "--base", "HEAD~1"];
      const { code, stderr } = await delta(plan, { cwd });
      const lacks =
        /^delta: \S+\/clone is a partial clone and does not have [0-9a-f]{40}; nothing is fetched to read a repository\n/;
      expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringMatching(lacks) });
      expect(stderr).toContain("`git diff BASE HEAD >/dev/null`");
      execFileSync("git", ["diff", "HEAD~1", "HEAD"], { cwd, env: environment(), stdio: "ignore" });
      expect(await delta(plan, { cwd })).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("run    each[component=@shop/b]"),
      });
    },
  );

  test("and no file yet is told how to get those of one commit", async () => {
    const cwd = cloneOf("--filter=blob:none", "--no-checkout");
    const { stderr } = await delta(["plan"], { cwd });
    const [, command = ""] = /`(git diff \$[^`]+)`/.exec(stderr) ?? [];
    execFileSync("sh", ["-c", command], { cwd, env: environment(), stdio: "ignore" });
    expect(await delta(["affected", "--base", "HEAD"], { cwd })).toMatchObject({ code: 0 });
  });

  test("in its working tree is told so where the pipeline is not in it", async () => {
    const cwd = cloneOf("--sparse");
    const { code, stderr } = await delta(["validate"], { cwd });
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: `delta: there is no ${PIPELINE} in ${cwd}\nThis checkout is sparse: \`git sparse-checkout add .delta\` brings it where it is committed, \`delta init\` writes a first one.\n`,
    });
    execFileSync("git", ["sparse-checkout", "add", ".delta"], { cwd, env: environment(), stdio: "ignore" });
    expect(await delta(["validate"], { cwd })).toMatchObject({ code: 0 });
  });

  test("in its working tree plans what is committed there as it is committed", async () => {
    const cwd = cloneOf("--sparse");
    const { code, stdout } = await delta(["plan", "--worktree", "--base", "HEAD"], { cwd });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("skip   docs") });
  });
});
