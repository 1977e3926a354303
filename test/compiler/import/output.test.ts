import { describe, expect, test } from "vitest";
import { importPipeline } from "../../../compiler/import/index.ts";
import { compile } from "../../../compiler/index.ts";
import { caseInput } from "../support/case-input.ts";

function imported(kind: "gitlab" | "github", text: string) {
  return importPipeline(kind, "ci.yml", new TextEncoder().encode(text));
}

function planned(pipeline: string | null): readonly string[] | undefined {
  return compile(caseInput(pipeline)).plan?.jobs.map(({ key }) => key);
}

describe("what our compiler would refuse", () => {
  test("of one job is left out with it, and told at its place; what needs it does not run", () => {
    const text = "a: { script: x }\nb: { script: x, parallel: 900 }\nc: { script: x, needs: [b] }\n";
    const { pipeline, findings, jobs } = imported("gitlab", text);
    expect(planned(pipeline)).toEqual(["a"]);
    expect(jobs.map(({ outcome }) => outcome)).toEqual(["whole", "left_out", "left_out"]);
    expect(findings.map(({ code, message, span }) => [code, span?.start, message])).toEqual([
      [
        "DC1801",
        text.indexOf("b:"),
        expect.stringMatching(/^What comes of this job does not compile, .*DC1/),
      ],
      ["DC1802", text.indexOf("c:"), expect.stringContaining("`b`, which was left out")],
    ]);
  });

  test("of the file as a whole leaves no pipeline, and is told at what it was made of", () => {
    const text = "a: { script: x }\nworkflow: { rules: [{ changes: [../x] }] }\n";
    const { pipeline, findings, jobs } = imported("gitlab", text);
    expect(pipeline).toBeNull();
    expect(jobs.map(({ outcome }) => outcome)).toEqual(["left_out"]);
    expect(findings).toMatchObject([{ code: "DC1803", span: { start: text.indexOf("workflow") } }]);
    expect(findings[0]?.message).toContain("`../x` cannot be used");
  });
});

test("a pipeline that would be too long to be read is written with aliases", () => {
  const script = Array.from({ length: 100 }, (_, index) => `echo ${String(index)} ${"x".repeat(90)}`);
  const jobs = Array.from({ length: 60 }, (_, index) => `j${String(index)}: { extends: .long }\n`);
  const text = `.long: { script: ${JSON.stringify(script)} }\n${jobs.join("")}`;
  const { pipeline, findings } = imported("gitlab", text);
  expect(findings).toEqual([]);
  expect(pipeline).toContain("*a1");
  expect(planned(pipeline)).toHaveLength(60);
  expect(compile(caseInput(pipeline)).plan?.jobs[59]?.steps[0]?.run).toBe(script.join("\n"));
});

describe("texts that GitHub compares without regard to case", () => {
  const told = (condition: string): readonly string[] => {
    const text = `on: push\njobs:\n  a:\n    container: a\n    strategy: { matrix: { m: [one, Two] } }\n    steps: [{ run: x, if: "${condition}" }]\n`;
    return imported("github", text).findings.map(({ code, span, message }) => {
      expect([code, text.slice(span?.start, span?.end)]).toEqual(["DC1804", `"${condition}"`]);
      return message;
    });
  };

  test.each([
    ["github.ref_name == 'Main'", "Main"],
    ["startsWith(github.ref, 'refs/tags/v')", "refs/tags/v"],
    ["contains(github.head_ref, 'Fix')", "Fix"],
    ["matrix.m == 'two'", "two"],
  ])("%s is told", (condition, text) => {
    expect(told(condition)).toEqual([
      expect.stringContaining(`\`${text}\` is compared without regard to case`),
    ]);
  });

  test.each([
    "github.ref_name == '12'",
    "github.event_name == 'push'",
    "github.event_name == 'Push'",
    "github.ref_type == 'tag'",
    "startsWith(github.ref, 'refs/tags/')",
    "matrix.m == 'Two'",
    "matrix.m == 'three'",
  ])("%s is not, for no other spelling of it is there", (condition) => {
    expect(told(condition)).toEqual([]);
  });

  test("a note keeps its job whole", () => {
    const text = "on: push\njobs: { a: { if: github.ref_name == 'x', container: a, steps: [{ run: x }] } }\n";
    expect(imported("github", text).jobs).toMatchObject([{ outcome: "whole" }]);
  });
});

describe("a secret of one step", () => {
  const job = (steps: string) =>
    imported("github", `on: push\njobs: { a: { container: a, steps: [${steps}] } }\n`);
  const reads = (secret: string): string => `{ run: use, env: { KEY: '\${{ secrets.${secret} }}' } }`;

  test("is told when other steps of the job find it too", () => {
    const { findings } = job(`{ run: x }, ${reads("DEPLOY")}`);
    expect(findings).toMatchObject([{ code: "DC1802", message: expect.stringContaining("`DEPLOY`") }]);
    expect(findings[0]?.message).toContain("all 2 steps of the job find it in `KEY`");
    expect(job(reads("DEPLOY")).findings).toEqual([]);
  });

  test("does not stand in for another step's of the same variable", () => {
    const { pipeline } = job(`${reads("ONE")}, ${reads("TWO")}`);
    const [planJob] = compile(caseInput(pipeline)).plan?.jobs ?? [];
    expect(planJob?.secrets).toMatchObject([
      { variable: "KEY", secret: "ONE" },
      { variable: "SECRET_TWO", secret: "TWO" },
    ]);
    expect(planJob?.steps.map(({ run }) => run)).toEqual(["use", 'export KEY="${SECRET_TWO}"\nuse']);
  });
});
