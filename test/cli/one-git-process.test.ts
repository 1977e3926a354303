import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CountedGit } from "../support/git/counted-git.ts";
import { delta } from "./support/delta.ts";
import { makeRepository } from "./support/repository.ts";

const PIPELINE = `version: 1
name: shop
jobs:
  code:
    timeout: 5m
    changes: ["src/**"]
    steps: [echo code]
`;

describe("one git process answers", () => {
  test.each([["affected"], ["graph"], ["plan"], ["explain", "code"]])("delta %s %s", async (...args) => {
    const repository = makeRepository({
      ".delta/pipeline.yaml": PIPELINE,
      "package.json": "{}",
      "src/a.js": "1",
    });
    repository.commit("change the code", { "src/a.js": "2" });
    await using git = await CountedGit.start();
    const { code, stderr } = await delta(args, { cwd: join(repository.path, "src") });
    expect([code, stderr]).toEqual([0, ""]);
    expect(await git.commands()).toEqual(["cat-file"]);
  });
});
