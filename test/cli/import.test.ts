import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { delta } from "./support/delta.ts";

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function folderWith(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "delta-import-"));
  folders.push(folder);
  await writeFile(join(folder, ".gitlab-ci.yml"), text);
  return folder;
}

describe("delta import", () => {
  test("prints the pipeline and ends with 0 when all of it was converted", async () => {
    const cwd = await folderWith("test: { image: a, script: make }\n");
    const { code, stdout, stderr } = await delta(["import", "gitlab", ".gitlab-ci.yml"], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("    steps:\n      - make\n");
  });

  test("lists what it left out with its place, and ends with 1", async () => {
    const cwd = await folderWith("test:\n  script: make\n  release: { tag_name: v1 }\n");
    const out = join(".delta", "pipeline.yaml");
    const { code, stdout, stderr } = await delta(["import", "gitlab", ".gitlab-ci.yml", "--out", out], {
      cwd,
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(".gitlab-ci.yml:3:3: warning DC1801 import.left_out: `release`");
    expect(await readFile(join(cwd, out), "utf8")).toContain("version: 1\n");
    const again = await delta(["import", "gitlab", ".gitlab-ci.yml", "--out", out], { cwd });
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("exists already") });
  });

  test("reads standard input, and answers as JSON", async () => {
    const cwd = await folderWith("");
    const stdin = "on: push\njobs: { a: { runs-on: [self-hosted], steps: [{ run: make }] } }\n";
    const { code, stdout } = await delta(["import", "github", "-", "--json"], { cwd, stdin });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      path: null,
      pipeline: expect.stringContaining("- make"),
      findings: { diagnostics: [{ code: "DC1801", range: { file: "(standard input)" } }] },
    });
  });

  test("ends with 3 for a file that is not there, and with 2 for another system", async () => {
    const cwd = await folderWith("");
    expect((await delta(["import", "github", "none.yml"], { cwd })).code).toBe(3);
    expect((await delta(["import", "jenkins", ".gitlab-ci.yml"], { cwd })).code).toBe(2);
  });
});
