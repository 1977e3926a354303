import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { delta, environment } from "./support/delta.ts";
import { temporaryFolder } from "./support/repository.ts";

describe("delta completion bash", () => {
  let script = "";
  beforeAll(async () => {
    script = (await delta(["completion", "bash"], { cwd: "/" })).stdout;
  });

  /** What bash itself would offer after these words. */
  function offered(...words: string[]): string[] {
    const file = join(temporaryFolder(), "completion.bash");
    const list = words.map((word) => `'${word}'`).join(" ");
    writeFileSync(
      file,
      `${script}\nCOMP_WORDS=(delta ${list}); COMP_CWORD=${words.length}; _delta; printf '%s\\n' "\${COMPREPLY[@]}"\n`,
    );
    const printed = execFileSync("bash", ["--norc", file], { encoding: "utf8", env: environment() });
    return printed.trim().split("\n");
  }

  test.each([
    [["in"], ["init"]],
    [
      ["runs", ""],
      ["artifacts", "cancel", "list", "logs", "rerun", "show"],
    ],
    [
      ["runs", "l"],
      ["list", "logs"],
    ],
    [["init", "--f"], ["--force"]],
    [["runs", "list", "--li"], ["--limit"]],
    [
      ["completion", ""],
      ["bash", "zsh", "fish"],
    ],
    [["init", "--force", "--pr"], ["--print"]],
  ])("after %j it offers %j", (words, expected) => {
    expect(offered(...words).filter((word) => !["--directory", "--color"].includes(word))).toEqual(
      expect.arrayContaining(expected),
    );
    expect(offered(...words).every((word) => word.startsWith(words.at(-1) ?? ""))).toBe(true);
  });
});

test.each(["zsh", "fish"])("%s gets a script that knows every command", async (shell) => {
  const { code, stdout } = await delta(["completion", shell], { cwd: "/" });
  expect(code).toBe(0);
  for (const word of ["init", "doctor", "runs", "rerun", "completion"]) expect(stdout).toContain(word);
});
