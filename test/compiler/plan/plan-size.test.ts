import * as fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../../../compiler/plan/canonical-json.ts";
import { planCharactersMax, PlanSize } from "../../../compiler/plan/plan-size.ts";
import { compile } from "../../../compiler/index.ts";
import { caseInput } from "../support/case-input.ts";

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join("\n");
const list = (count: number, item: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => item(index)).join(", ");

test("what is counted of a value is never more than its JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = canonicalJson(value)?.length ?? 0;
      const size = new PlanSize(json + 3);
      size.add(value);
      expect(size.isPast).toBe(false);
    }),
  );
});

test.each([
  [
    "an environment that every job inherits",
    `env: { ${list(190, (index) => `K${index}: ${"v".repeat(2_000)}`)} }\njobs:\n${lines(900, (index) => `  j${index}: { steps: [a] }`)}`,
  ],
  [
    "a long script in a matrix",
    `jobs: { a: { matrix: { axes: { n: [${list(256, String)}] } }, steps: ["${"x".repeat(60_000)}"] } }`,
  ],
  [
    "text that JSON writes six times as long",
    `jobs: { a: { matrix: { axes: { n: [${list(60, String)}] } }, steps: ["${"\\x01".repeat(40_000)}"] } }`,
  ],
])("%s is no plan when it is too large written out", (_, text) => {
  const { plan, canonical, diagnostics } = compile(caseInput(`version: 1\n${text}\n`, {}));
  expect([plan === null, canonical?.length]).toEqual([true, undefined]);
  expect(diagnostics.map(({ code }) => code)).toContain("DC1207");
});

test("a plan of many long jobs is made as long as it fits", () => {
  const text = `jobs: { a: { matrix: { axes: { n: [${list(120, String)}] } }, steps: ["${"x".repeat(60_000)}"] } }`;
  const { canonical } = compile(caseInput(`version: 1\n${text}\n`, {}));
  expect(canonical?.length).toBeGreaterThan(planCharactersMax({ jobs: 1_000 }) * 0.8);
});

test("a plan may have as much text as the jobs that operators allow, within bounds", () => {
  const mebi = [1, 1_000, 2_000, 10_000].map((jobs) => planCharactersMax({ jobs }) / 2 ** 20);
  expect(mebi).toEqual([8, 8, 15.625, 32]);
});

test("ten thousand jobs that say little are a plan", () => {
  const text = lines(10_000, (index) => `  job-${index}: { steps: [make test] }`);
  const input = { ...caseInput(`version: 1\njobs:\n${text}\n`, {}), limits: { jobs: 10_000 } };
  expect(compile(input).plan?.jobs).toHaveLength(10_000);
});
