import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { delta } from "./support/delta.ts";
import { makeRepository, temporaryFolder } from "./support/repository.ts";

/** Writes down every module that a process resolves, whoever asks for it. */
const LISTEN = `
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    appendFileSync(process.env.LISTEN_TO, resolved.url + "\\n");
    return resolved;
  },
});
`;
/** What a server needs and a plan does not. */
const SERVER_PACKAGES =
  /\/node_modules\/(@?fastify|@octokit|octokit|postgres|pg|graphile-worker|jose|undici)\b/;

async function modulesOf(...args: readonly string[]): Promise<readonly string[]> {
  const folder = temporaryFolder();
  const [hook, list] = [join(folder, "listen.mjs"), join(folder, "list")];
  writeFileSync(hook, LISTEN);
  writeFileSync(list, "");
  const pipeline = "version: 1\njobs: { a: { steps: [make] } }\n";
  const repository = makeRepository({ ".delta/pipeline.yaml": pipeline });
  const env = { NODE_OPTIONS: `--import=${hook}`, LISTEN_TO: list };
  const { code, stderr } = await delta(args, { cwd: repository.path, env });
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  return readFileSync(list, "utf8").split("\n");
}

describe("what a command loads", () => {
  test.each([[["plan"]], [["plan", "--help"]], [["explain", "a"]], [["affected"]], [["validate"]]])(
    "`delta %s` loads nothing of a server",
    async (args) => {
      const modules = await modulesOf(...args);
      expect(modules.length).toBeGreaterThan(10);
      expect(modules.filter((url) => SERVER_PACKAGES.test(url))).toEqual([]);
    },
  );

  test("help loads no compiler", async () => {
    const modules = await modulesOf("plan", "--help");
    expect(modules.filter((url) => /\/compiler\/(?:language|plan|yaml|components)\//.test(url))).toEqual([]);
  });

  test("a plain command line loads nothing that reads other ones", async () => {
    for (const line of [["plan", "--json"], ["affected"]]) {
      const modules = await modulesOf(...line);
      expect(modules.filter((url) => /\/node_modules\/@oclif\//.test(url))).toEqual([]);
    }
    expect((await modulesOf("plan", "--no-color")).some((url) => /\/node_modules\/@oclif\//.test(url))).toBe(
      true,
    );
  });

  test("the version is told without a module of ours or of anybody else", async () => {
    const modules = await modulesOf("--version");
    expect(modules.filter((url) => /\/node_modules\/|\.ts$/.test(url))).toEqual([]);
  });
});
