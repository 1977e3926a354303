import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { delta } from "./support/delta.ts";
import { makeRepository, temporaryFolder } from "./support/repository.ts";

/** Writes down, when a process ends, whether its engine works under other flags than those it was started with. */
const WATCH = `
import { appendFileSync } from "node:fs";
import { cachedDataVersionTag } from "node:v8";
const before = cachedDataVersionTag();
process.on("exit", () => {
  appendFileSync(process.env.WATCHED, before === cachedDataVersionTag() ? "as it was started\\n" : "told\\n");
});
`;
/** Tells on stdout of each time that garbage is collected, and on whose behalf. */
const TELL_COLLECTIONS = 'import { setFlagsFromString } from "node:v8"; setFlagsFromString("--trace-gc");';
const PLANS_MAX = 5;
const PIPELINE = "version: 1\njobs: { a: { changes: ['src/**'], steps: [run: 'true'] } }\n";

/** What became of the engine of each Node process of a command, and what the command said to people. */
async function enginesOf(...args: readonly string[]): Promise<{ engines: Set<string>; stderr: string }> {
  const folder = temporaryFolder();
  const [hook, list] = [join(folder, "watch.mjs"), join(folder, "list")];
  writeFileSync(hook, WATCH);
  writeFileSync(list, "");
  const repository = makeRepository({ ".delta/pipeline.yaml": PIPELINE, "src/a": "1" });
  repository.commit("change the code", { "src/a": "2" });
  const env = { NODE_OPTIONS: `--import=${hook}`, WATCHED: list, DELTA_STATE_DIR: join(folder, "state") };
  const { code, stderr } = await delta(args, { cwd: repository.path, env });
  expect({ args, code, stderr }).toMatchObject({ code: 0 });
  return { engines: new Set(readFileSync(list, "utf8").trim().split("\n")), stderr };
}

describe("a command that gives one answer and ends", { timeout: 300_000 }, () => {
  test.each([
    ["plan", "--base", "HEAD~1"],
    ["explain", "a", "--base", "HEAD~1"],
    ["why-not", "a", "--base", "HEAD~1"],
    ["diff", "HEAD~1..HEAD"],
    ["affected", "--base", "HEAD~1"],
    ["graph"],
    ["validate"],
  ])("delta %s tells the engine so, which takes it without a word", async (...args) => {
    const { engines, stderr } = await enginesOf(...args);
    expect(engines).toEqual(new Set(["told"]));
    expect(stderr).not.toContain("flag");
  });

  test("no thread that compiles waits for the main thread meanwhile, which might be about to exit", async () => {
    const hook = join(temporaryFolder(), "tell.mjs");
    writeFileSync(hook, TELL_COLLECTIONS);
    const jobs = Array.from({ length: 2_000 }, (_, index) => `  job-${index}: { steps: [make] }\n`).join("");
    const repository = makeRepository({ ".delta/pipeline.yaml": `version: 1\njobs:\n${jobs}` });
    const env = { NODE_OPTIONS: `--import=${hook}` };
    const plan = async () =>
      (await delta(["plan", "--max-jobs", "2000"], { cwd: repository.path, env })).stdout;
    await plan(); // Which writes down what it compiled, for those after it.
    const waited: boolean[] = [];
    // On a machine that is loaded it may come to that once in a while; where it is the rule, it does nearly each time.
    while (waited.length < PLANS_MAX && waited.at(-1) !== false) {
      const told = await plan();
      expect(told).toContain("Mark-Compact");
      waited.push(told.includes("background allocation failure"));
    }
    expect(waited.at(-1)).toBe(false);
  });

  test("delta run does not: it serves what it starts, and all of it lives as long as the jobs", async () => {
    const { engines } = await enginesOf("run", "--base", "HEAD~1");
    expect(engines).toEqual(new Set(["as it was started"]));
  });

  test("nor does what answers without work", async () => {
    for (const line of [["--version"], ["plan", "--help"], ["schema"]]) {
      expect((await enginesOf(...line)).engines).toEqual(new Set(["as it was started"]));
    }
  });
});
