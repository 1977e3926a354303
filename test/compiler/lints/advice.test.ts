import { describe, expect, test } from "vitest";
import { compile } from "../../../compiler/index.ts";
import { type CaseInput, caseInput } from "../support/case-input.ts";

/** Codes of the advice on a pipeline that compiles. */
function advice(pipeline: string, given: CaseInput = {}): readonly string[] {
  const { plan, diagnostics } = compile(caseInput(`version: 1\n${pipeline}`, given));
  expect(plan, JSON.stringify(diagnostics)).not.toBeNull();
  expect(diagnostics.every(({ severity }) => severity === "warning")).toBe(true);
  return diagnostics.map(({ code }) => code);
}

const job = (name: string, ...lines: readonly string[]): string =>
  `  ${name}:\n${lines.map((line) => `    ${line}\n`).join("")}    steps: [make]\n`;

describe("a need that can be left out", () => {
  test.each([
    ["another condition", job("a", "if: ref.kind == 'tag'") + job("b", "needs: [a]"), ["DC1901"]],
    [
      "the same condition",
      job("a", "if: ref.kind == 'tag'") + job("b", "if: ref.kind == 'tag'", "needs: [a]"),
      [],
    ],
    [
      "the same condition and more",
      job("a", "if: ref.kind == 'tag'") +
        job("b", "if: ref.kind  ==  'tag' && event.kind == 'push'", "needs: [a]"),
      [],
    ],
    ["changes alone", job("a", "changes: [src/**]") + job("b", "needs: [a]"), []],
  ])("%s", (_name, jobs, expected) => {
    expect(advice(`jobs:\n${jobs}`, { files: { "src/a": "" } })).toEqual(expected);
  });

  test("is said once for all cells of a matrix", () => {
    const cells = "matrix: { axes: { n: [1, 2, 3], m: [1, 2, 3] } }";
    expect(advice(`jobs:\n${job("a", "if: ref.kind == 'tag'")}${job("b", cells, "needs: [a]")}`)).toEqual([
      "DC1901",
    ]);
  });
});

describe("a job that can never run", () => {
  test.each([
    ["a condition that is always false", "", "if: 1 == 2", ["DC1903"]],
    [
      "a kind of event that does not start the pipeline",
      "on: [push]\n",
      "if: event.kind == 'schedule'",
      ["DC1903"],
    ],
    ["a kind that is none", "", "if: event.kind == 'merge'", ["DC1903"]],
    [
      "a tag where only branches start it",
      "on: { push: { branches: [main] } }\n",
      "if: ref.kind == 'tag'",
      ["DC1903"],
    ],
    [
      "a tag where a person may start it",
      "on: { push: { branches: [main] }, manual: }\n",
      "if: ref.kind == 'tag'",
      [],
    ],
    ["one of several", "on: [push]\n", "if: event.kind == 'schedule' || event.kind == 'push'", []],
    ["a value", "", "if: ref.name == 'none-such'", []],
  ])("%s", (_name, on, condition, expected) => {
    expect(advice(`${on}jobs:\n${job("a", condition)}`)).toEqual(expected);
  });

  test("blocks what needs it", () => {
    const jobs = job("a", "if: 1 == 2") + job("b", "if: 1 == 2", "needs: [a]") + job("c", "needs: [a]");
    expect(advice(`jobs:\n${jobs}`)).toEqual(["DC1903", "DC1903", "DC1901", "DC1903"]);
  });
});

describe("globs", () => {
  const files = { "src/a.ts": "", "docs/a.md": "" };
  test.each([
    ["a file at head", '["src/**"]', []],
    ["no file", '["scr/**"]', ["DC1902"]],
    ["an exclusion of nothing", '["src/**", "!none/**"]', []],
    ["stars in a name", '["src/**.ts"]', ["DC1905"]],
    ["stars in braces", '["{src/**,docs/**}"]', []],
    ["an exclusion that comes first", '["!src/b/**", "src/**"]', ["DC1906"]],
    ["an exclusion that comes later", '["src/**", "!src/b/**"]', []],
  ])("%s", (_name, globs, expected) => {
    expect(advice(`jobs:\n${job("a", `changes: ${globs}`)}`, { files })).toEqual(expected);
  });

  test("a file that the change deletes still fits", () => {
    const given: CaseInput = { base: { "old/a": "" }, changed: [{ status: "D", path: "old/a" }] };
    expect(advice(`jobs:\n${job("a", "changes: [old/**]")}`, given)).toEqual([]);
  });
});

describe("the name of a check", () => {
  test.each([
    ["reads the event", "name: build ${{ ref.name }}", ["DC1904"]],
    ["reads steady values", "name: build ${{ vars.os }}", []],
    ["is not required", "name: build ${{ ref.name }}\n    required: false", []],
  ])("%s", (_name, line, expected) => {
    expect(advice(`vars: { os: linux }\njobs:\n${job("a", line)}`)).toEqual(expected);
  });
});

test("advice never hides an error, however much there is of it", () => {
  const many = Array.from({ length: 300 }, (_, index) => job(`j${index}`, `changes: [none${index}/**]`)).join(
    "",
  );
  const { plan, diagnostics } = compile(
    caseInput(`version: 1\njobs:\n${many}${job("z", "components: [none]")}`),
  );
  expect(plan).toBeNull();
  expect(diagnostics.some(({ code }) => code === "DC1703")).toBe(true);
});
