import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { COUNTED_PIPELINE, CountedGit } from "../support/git/counted-git.ts";
import { delta } from "./support/delta.ts";
import { makeRepository } from "./support/repository.ts";

describe("one git process answers", () => {
  test.each([["affected"], ["graph"], ["plan"], ["explain", "code"]])("delta %s %s", async (...args) => {
    const repository = makeRepository({
      ".delta/pipeline.yaml": COUNTED_PIPELINE,
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
