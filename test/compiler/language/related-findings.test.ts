import { describe, expect, test } from "vitest";
import { loadFiles, loadText, PIPELINE, renderFindings } from "./load-text.ts";
import { compile } from "../../../compiler/index.ts";
import { caseInput } from "../support/case-input.ts";

function linesOf(files: Readonly<Record<string, string>>): readonly string[] {
  return renderFindings(loadFiles(files).diagnostics, files).trimEnd().split("\n");
}

describe("a required key under a wrong name is told once", () => {
  test.each([
    ["the steps of a job", "version: 1\njobs: { a: { stpes: [make] } }\n", "`stpes`"],
    [
      "the steps a template brings",
      "version: 1\ntemplates: { t: { stesp: [make] } }\njobs: { a: { extends: t } }\n",
      "`stesp`",
    ],
    ["the command of a step", "version: 1\njobs: { a: { steps: [{ rnu: make }] } }\n", "`rnu`"],
    ["the version", "verison: 1\njobs: { a: { steps: [make] } }\n", "`verison`"],
  ])("%s", (_, text, named) => {
    const { diagnostics } = loadText(text);
    expect(diagnostics.map(({ code }) => code)).toEqual(["DC1101"]);
    expect(diagnostics[0]?.message).toContain(named);
  });

  test("and a key that merely is unknown hides nothing", () => {
    const { diagnostics } = loadText(
      "version: 1\njobs: { a: { frobnicate: [make] }, b: { steps: [{ stpes: make }] } }\n",
    );
    expect(diagnostics.map(({ code }) => code)).toEqual(["DC1102", "DC1101", "DC1102", "DC1101"]);
  });
});

describe("a finding names how its text came to be in the pipeline", () => {
  test("through a template, to the job that takes it in", () => {
    const text =
      "version: 1\ntemplates:\n  node: { image: 'node:${{ matrix.node }}' }\n  slow: { extends: node, timeout: 1h }\njobs:\n  a: { extends: slow, steps: [make] }\n";
    const [first, ...places] = linesOf({ [PIPELINE]: text });
    expect(first).toContain(`${PIPELINE}:3:28-3:34 error DC1302`);
    expect(places).toEqual([
      `  ${PIPELINE}:4:20-4:24 the template \`node\` is taken in here`,
      `  ${PIPELINE}:6:17-6:21 the template \`slow\` is taken in here`,
    ]);
  });

  test("through included files, to the pipeline", () => {
    const files = {
      [PIPELINE]: "version: 1\ninclude: [.delta/a.yaml]\njobs: { t: { steps: [make] } }\n",
      ".delta/a.yaml": "version: 1\ninclude: [.delta/b.yaml]\n",
      ".delta/b.yaml": "version: 1\nenv: { A: '${{ vars.none }}' }\n",
    };
    expect(linesOf(files).slice(1)).toEqual([
      "  .delta/a.yaml:2:11-2:24 `.delta/b.yaml` is included here",
      `  ${PIPELINE}:2:11-2:24 \`.delta/a.yaml\` is included here`,
    ]);
  });

  test("also when it is found after loading, as a glob is", () => {
    const included = "version: 1\njobs: { t: { changes: ['+(a)'], steps: [make] } }\n";
    const input = caseInput("version: 1\ninclude: [.delta/a.yaml]\njobs: { own: { steps: [make] } }\n", {
      files: { ".delta/a.yaml": included },
    });
    const [found] = compile(input).diagnostics;
    expect(found).toMatchObject({
      code: "DC1503",
      related: [{ span: { file: PIPELINE }, message: "`.delta/a.yaml` is included here" }],
    });
  });
});
