import { describe, expect, test } from "vitest";
import { convertExpression } from "../../../compiler/import/github/expression.ts";
import { convertCondition } from "../../../compiler/import/gitlab/condition.ts";
import { importPipeline } from "../../../compiler/import/index.ts";
import { jobIds } from "../../../compiler/import/job-ids.ts";
import { compile } from "../../../compiler/index.ts";
import { caseInput } from "../support/case-input.ts";

function imported(kind: "gitlab" | "github", text: string) {
  const { pipeline, findings } = importPipeline(kind, "ci.yml", new TextEncoder().encode(text));
  return { pipeline, codes: findings.map(({ code }) => code), findings };
}

describe("a condition of GitLab", () => {
  test.each([
    ['$CI_PIPELINE_SOURCE == "schedule"', "event.kind == 'schedule'"],
    ['$CI_PIPELINE_SOURCE != "push"', "event.kind != 'push'"],
    ["$CI_COMMIT_TAG", "ref.kind == 'tag'"],
    ["$CI_COMMIT_TAG == null", "!(ref.kind == 'tag')"],
    ["$CI_COMMIT_TAG =~ /^v/", "ref.kind == 'tag' && starts_with(ref.name, 'v')"],
    ["$CI_COMMIT_REF_NAME =~ /\\.x$/", "ends_with(ref.name, '.x')"],
    ["$CI_COMMIT_REF_NAME !~ /it's/".replace("'", ""), "!(contains(ref.name, 'its'))"],
    // A point is any character, the slash in a branch's name too.
    ["$CI_COMMIT_REF_NAME =~ /^a.c$/", "(glob('a?c', ref.name) || glob('a/c', ref.name))"],
    [
      '($CI_MERGE_REQUEST_IID || "main" == $CI_COMMIT_REF_NAME) && $CI_COMMIT_TAG',
      "(event.kind == 'pull_request' || ref.name == 'main') && ref.kind == 'tag'",
    ],
  ])("%s", (source, condition) => {
    expect(convertCondition(source)).toEqual({ condition });
  });

  test.each([
    ["$DEPLOY", "$DEPLOY"],
    ["$CI_COMMIT_MESSAGE =~ /skip/", "$CI_COMMIT_MESSAGE"],
    ["$CI_COMMIT_TAG =~ /^v(?!0)/", "pattern"],
    ["$CI_COMMIT_TAG =~ /(ab)+/", "pattern"],
    ["$CI_COMMIT_TAG =~ /v/m", "pattern"],
    ['$CI_PIPELINE_SOURCE == "chat"', "chat"],
    ['"a" == "a"', "two fixed texts"],
    ["($CI_COMMIT_TAG", "bracket"],
    ["", "missing"],
    ["$CI_COMMIT_TAG && %", "%"],
  ])("%s has none of ours, and says why", (source, why) => {
    expect(convertCondition(source)).toEqual({ problem: expect.stringContaining(why) });
  });
});

describe("an expression of GitHub", () => {
  const scope = { inputs: new Set(["level"]), axes: new Set(["node-version"]) };

  test.each([
    ["github.event_name == 'workflow_dispatch'", "event.kind == 'manual'", true],
    ["'push' != github.event_name", "'push' != event.kind", true],
    ["matrix.node-version", "matrix.node-version", true],
    [
      "startsWith(github.ref, 'refs/tags/') && !github.event.pull_request.draft",
      "starts_with(ref.full, 'refs/tags/') && !(pr.draft ?? false)",
      true,
    ],
    ["github.head_ref", "(pr.source ?? '')", false],
    ["github.event.inputs.level", "inputs.level", false],
  ])("%s", (source, text, isTrusted) => {
    expect(convertExpression(source, scope)).toEqual({ text, isTrusted });
  });

  test.each([
    "secrets.X",
    "github.actor",
    "inputs.other",
    "matrix.os",
    "failure()",
    "github.event_name == 'release'",
    "a ||",
    "github[github.x]",
  ])("%s has none of ours", (source) => {
    expect(convertExpression(source, scope)).toHaveProperty("problem");
  });
});

describe("what cannot be converted does not run", () => {
  test("a rule, and those after it, which it may have hidden", () => {
    const { pipeline, codes } = imported(
      "gitlab",
      "a:\n  script: x\n  rules:\n    - if: $CI_COMMIT_TAG\n    - if: $SECRET_SWITCH\n      when: never\n    - when: on_success\n",
    );
    expect(codes).toEqual(["DC1801"]);
    const run = (ref: string) =>
      compile(caseInput(pipeline, { event: { ref } })).plan?.jobs.map(({ key }) => key);
    expect(run("refs/tags/v1")).toEqual(["a"]);
    expect(run("refs/heads/main")).toEqual([]);
  });

  test("a job whose condition or need was left out", () => {
    const { pipeline, codes } = imported(
      "github",
      "on: push\njobs:\n  a: { uses: ./x.yml }\n  b: { needs: a, steps: [{ run: x }] }\n  c: { if: github.actor == 'x', steps: [{ run: x }] }\n",
    );
    expect(codes).toEqual(["DC1801", "DC1802", "DC1801"]);
    expect(compile(caseInput(pipeline)).plan?.jobs).toEqual([]);
  });
});

test("a file without anything unknown has no findings", () => {
  expect(imported("gitlab", "image: a\ntest: { script: [make, make test] }\n").codes).toEqual([]);
  expect(
    imported(
      "github",
      "on: push\njobs: { a: { container: a, runs-on: ubuntu-latest, steps: [{ run: make }] } }\n",
    ).codes,
  ).toEqual([]);
});

test("a file that is no YAML, or no map, has no pipeline and says where", () => {
  expect(imported("gitlab", "a: [")).toMatchObject({
    pipeline: null,
    codes: [expect.stringMatching(/^DC10/)],
  });
  expect(imported("github", "- a\n")).toMatchObject({ pipeline: null, codes: ["DC1103"] });
});

test("text that looks like an expression of ours stays text", () => {
  const { pipeline } = imported("gitlab", "a:\n  script: 'echo ${{ ref.name }}'\n");
  expect(compile(caseInput(pipeline)).plan?.jobs[0]?.steps[0]?.run).toBe("echo ${{ ref.name }}");
});

test("many openings without an end are read once", () => {
  const text = `on: push\njobs: { a: { container: a, steps: [{ run: '${"${{ ".repeat(15_000)}' }] } }\n`;
  const before = process.cpuUsage().user;
  imported("github", text);
  expect((process.cpuUsage().user - before) / 1_000).toBeLessThan(500);
});

test("ids of jobs are valid, different, and never reserved", () => {
  const names = [
    "Unit tests",
    "unit-tests",
    "unit:tests",
    "run",
    "123",
    "ärger",
    "a".repeat(90),
    "a".repeat(91),
  ];
  const ids = [...jobIds(names).values()];
  expect(ids).toEqual([
    "unit-tests",
    "unit-tests-2",
    "unit-tests-3",
    "job-run",
    "job",
    "rger",
    "a".repeat(58),
    `${"a".repeat(58)}-2`,
  ]);
});
