import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { delta, type Result } from "./support/delta.ts";
import { makeRepository, temporaryFolder } from "./support/repository.ts";

const GOOD = "version: 1\nname: x\njobs:\n  a:\n    steps:\n      - run: echo a\n";

async function validate(pipeline: string, ...args: string[]): Promise<Result & { file: string }> {
  const { path } = makeRepository({ "README.md": "" });
  const file = join(path, ".delta", "pipeline.yaml");
  mkdirSync(join(path, ".delta"));
  writeFileSync(file, pipeline);
  return { ...(await delta(["validate", ...args], { cwd: path })), file };
}

describe("delta validate", () => {
  test("a valid pipeline that is not even committed ends with 0", async () => {
    const { code, stdout } = await validate(GOOD);
    expect({ code, stdout }).toEqual({ code: 0, stdout: ".delta/pipeline.yaml is valid\n" });
  });

  test.each([
    ["a syntax error", "version: 1\njobs: [", /pipeline\.yaml:2:\d+: error DC10\d\d/],
    ["an unknown key", GOOD.replace("steps:", "stpes:"), /`stpes`.*did you mean `steps`/],
    [
      "a cycle of needs",
      `${GOOD}    needs: [b]\n  b:\n    needs: [a]\n    steps:\n      - run: x\n`,
      /a.*b.*a/,
    ],
    ["a need that is not there", `${GOOD}    needs: [bb]\n`, /bb/],
    ["no content", "# nothing\n", /DC1002/],
    ["a key given twice", `${GOOD}name: y\n`, /name/],
  ])("%s is shown with its place and ends with 1", async (_what, pipeline, expected) => {
    const { code, stdout, stderr } = await validate(pipeline);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    expect(stdout).toMatch(expected);
    expect(stdout).toMatch(/\d+ errors?/);
  });

  test("json, sarif and github formats carry code and place", async () => {
    const bad = GOOD.replace("steps:", "stpes:");
    const json = JSON.parse((await validate(bad, "--format", "json")).stdout);
    expect(json).toMatchObject({ version: 1 });
    expect(json.diagnostics.map(({ range }: { range: object }) => range)).toContainEqual(
      expect.objectContaining({ file: ".delta/pipeline.yaml", line: 5 }),
    );
    expect((await validate(bad, "--json")).stdout).toBe((await validate(bad, "--format", "json")).stdout);
    const sarif = JSON.parse((await validate(bad, "--format", "sarif")).stdout);
    expect(sarif.runs[0].results[0].ruleId).toMatch(/^DC/);
    expect((await validate(bad, "--format", "github")).stdout).toMatch(
      /^::error .*file=\.delta\/pipeline\.yaml,line=5/m,
    );
  });

  test("--fix repairs what is certain and checks again", async () => {
    const { code, stdout, stderr, file } = await validate(GOOD.replace("steps:", "stpes:"), "--fix");
    expect(stderr).toMatch(/^fixed: /);
    expect({ code, stdout }).toEqual({ code: 0, stdout: ".delta/pipeline.yaml is valid\n" });
    expect(readFileSync(file, "utf8")).toBe(GOOD);
  });

  test("a file outside any repository is checked under its own name", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "mine.yaml"), GOOD.replace("steps:", "stpes:"));
    const { code, stdout } = await delta(["validate", "mine.yaml"], { cwd: folder });
    expect(code).toBe(1);
    expect(stdout).toContain("mine.yaml:5:");
  });

  test("standard input is checked with `-`", async () => {
    const cwd = temporaryFolder();
    expect((await delta(["validate", "-"], { cwd, stdin: GOOD })).code).toBe(0);
    const bad = await delta(["validate", "-"], { cwd, stdin: "version: 2\n" });
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain("(standard input):1:");
  });

  test("several files and folders give one answer, in every format, and one exit code", async () => {
    const folder = temporaryFolder();
    const write = (path: string, text: string): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    write("good.yaml", GOOD);
    write("bad.yaml", GOOD.replace("steps:", "stpes:"));
    write("many/x/one.yml", GOOD.replace("jobs:", "jbos:"));
    write("many/notes.txt", "not a pipeline");
    write("service/.delta/pipeline.yaml", `include: [.delta/part.yaml]\n${GOOD}`);
    write("service/.delta/part.yaml", "version: 1\njobs: { b: { needs: [nobody], steps: [b] } }\n");
    const names = ["good.yaml", "bad.yaml", "many", "service"];
    const human = await delta(["validate", ...names], { cwd: folder });
    expect(human.code).toBe(1);
    for (const place of ["bad.yaml:5:", "many/x/one.yml:3:", "service/.delta/part.yaml:2:"])
      expect(human.stdout).toContain(`\n${place}`.trimStart());
    expect(human.stdout).not.toContain("good.yaml");
    const json = JSON.parse((await delta(["validate", "--json", ...names], { cwd: folder })).stdout);
    const files = json.diagnostics.map(({ range }: { range: { file: string } }) => range.file);
    expect([...new Set(files)]).toEqual(["bad.yaml", "many/x/one.yml", "service/.delta/part.yaml"]);
    const sarif = JSON.parse(
      (await delta(["validate", "--format", "sarif", ...names], { cwd: folder })).stdout,
    );
    expect(sarif.runs).toHaveLength(1);
    expect(sarif.runs[0].results).toHaveLength(json.diagnostics.length);
    const rules = sarif.runs[0].tool.driver.rules.map(({ id }: { id: string }) => id);
    for (const { ruleId, ruleIndex } of sarif.runs[0].results) expect(rules[ruleIndex]).toBe(ruleId);
    const good = await delta(["validate", "good.yaml", "good.yaml", "-"], { cwd: folder, stdin: GOOD });
    expect(good).toMatchObject({ code: 0, stdout: "2 pipelines are valid\n" });
    const fixed = await delta(["validate", "--fix", "bad.yaml", "good.yaml"], { cwd: folder });
    expect(fixed).toMatchObject({ code: 0, stdout: "2 pipelines are valid\n" });
    expect(readFileSync(join(folder, "bad.yaml"), "utf8")).toBe(GOOD);
  });

  test("a pipeline that is named twice, by its folder and by itself, counts once", async () => {
    const { path } = makeRepository({ ".delta/pipeline.yaml": GOOD.replace("steps:", "stpes:") });
    const twice = await delta(["validate", "--json", ".", ".delta", ".delta/pipeline.yaml"], { cwd: path });
    const once = await delta(["validate", "--json", ".delta/pipeline.yaml"], { cwd: path });
    expect(JSON.parse(once.stdout).diagnostics).not.toEqual([]);
    expect(JSON.parse(twice.stdout).diagnostics).toEqual(JSON.parse(once.stdout).diagnostics);
    writeFileSync(join(path, ".delta/pipeline.yaml"), GOOD);
    const good = await delta(["validate", ".delta", ".delta/pipeline.yaml"], { cwd: path });
    expect(good).toMatchObject({ code: 0, stdout: ".delta/pipeline.yaml is valid\n" });
  });

  test("a folder without a pipeline and without YAML files ends with 3", async () => {
    const folder = temporaryFolder();
    const { code, stderr } = await delta(["validate", folder], { cwd: folder });
    expect(code).toBe(3);
    expect(stderr).toContain("neither .delta/pipeline.yaml nor any YAML file");
  });

  test("a repository without a pipeline, a missing file and no repository end with 3", async () => {
    const { path } = makeRepository({ "README.md": "" });
    const missing = await delta(["validate"], { cwd: path });
    expect(missing.code).toBe(3);
    expect(missing.stderr).toContain("`delta init` writes a first one");
    expect((await delta(["validate", "none.yaml"], { cwd: path })).stderr).toContain("there is no such file");
    expect((await delta(["validate"], { cwd: temporaryFolder() })).code).toBe(3);
  });
});
