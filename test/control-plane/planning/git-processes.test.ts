import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { planCommit } from "../../../control-plane/planning/plan-commit.ts";
import { pushEvent } from "../../../schemas/event.ts";
import { GitWorld } from "../../support/git/git-world.ts";

const PIPELINE = "version: 1\nname: ci\njobs:\n  build: { changes: [src/**], steps: [make] }\n";

/** Puts a git before the real one on PATH that writes down what it is asked; returns what was, by subcommand. */
function watchGit(): () => readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "delta-watched-git-"));
  const [log, program] = [join(folder, "log"), join(folder, "git")];
  const real = execFileSync("sh", ["-c", "command -v git"], { encoding: "utf8" }).trim();
  writeFileSync(program, `#!/bin/sh\necho "$*" >> '${log}'\nexec '${real}' "$@"\n`);
  chmodSync(program, 0o755);
  const path = process.env["PATH"] ?? "";
  process.env["PATH"] = `${folder}${delimiter}${path}`;
  onTestFinished(() => {
    process.env["PATH"] = path;
    rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    const lines = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
    return lines.map(
      (line) => / (rev-parse|cat-file|ls-tree|diff-tree|merge-base) /.exec(`${line} `)?.[1] ?? line,
    );
  };
}

test("a push is planned with one git for the difference, one for the tree and one for every object", async () => {
  await using world = await GitWorld.create({ bare: true });
  const ref = "refs/heads/main";
  const [before = "", head = ""] = await world.commits([
    { ref, files: { ".delta/pipeline.yaml": PIPELINE, "src/a.c": "1", "package.json": "{}" } },
    { ref, files: { "src/a.c": "2" } },
  ]);
  const asked = watchGit();
  const { digest } = await planCommit({
    repositoryPath: world.path,
    event: pushEvent({ ref, head, before, default_branch: "main" }),
    head,
    base: null,
    lastGreen: null,
    jobs: [],
    all: false,
    compilerVersion: "1",
  });
  expect(digest).not.toBeNull();
  // Opening the repository is a question of its own.
  expect(asked().toSorted()).toEqual(["cat-file", "diff-tree", "ls-tree", "rev-parse"]);
});
