import { describe, expect, test } from "vitest";
import { PLAN_JOBS_CEILING } from "../../../schemas/limits.ts";
import { codesOf, loadFiles, loadText, PIPELINE, pushToMain } from "./load-text.ts";

const many = (count: number, each: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => each(index)).join("\n");
const pipeline = (count: number, section = "jobs") =>
  `version: 1\n${section}:\n${many(count, (index) => `  j${index}: { steps: [a] }`)}\n`;
const load = (text: string, jobs: number) => loadText(text, pushToMain, { jobs });

describe("how many jobs a plan may have", () => {
  test("is what the operators allow, to the job", () => {
    expect(load(pipeline(7), 7).model?.jobs).toHaveLength(7);
    expect(codesOf(load(pipeline(8), 7))).toEqual(["DC1205"]);
  });

  test("goes up to ten thousand in one map", () => {
    expect(load(pipeline(PLAN_JOBS_CEILING), PLAN_JOBS_CEILING).model?.jobs).toHaveLength(PLAN_JOBS_CEILING);
    expect(codesOf(load(pipeline(PLAN_JOBS_CEILING + 1), PLAN_JOBS_CEILING))).toEqual(["DC1007"]);
  });

  test("counts instances of a matrix and of `parallel`", () => {
    const text =
      "version: 1\njobs: { a: { matrix: { axes: { n: [1, 2, 3] } }, parallel: 2, steps: [a] }, b: { steps: [a] } }";
    expect(load(text, 7).model?.jobs).toHaveLength(7);
    expect(codesOf(load(text, 6))).toEqual(["DC1205"]);
  });

  test("counts jobs over several files", () => {
    const files = {
      [PIPELINE]: `include: [.delta/more.yaml]\n${pipeline(4)}`,
      ".delta/more.yaml": `version: 1\njobs:\n${many(4, (index) => `  k${index}: { steps: [a] }`)}`,
    };
    expect(codesOf(loadFiles(files, pushToMain, { jobs: 8 }))).toEqual([]);
    expect(codesOf(loadFiles(files, pushToMain, { jobs: 7 }))).toEqual(["DC1205"]);
  });

  test("is refused with the limit, who can raise it, and how far", () => {
    const [refused] = load(pipeline(8), 7).diagnostics;
    expect(refused?.message).toBe(
      "With `j7` the pipeline has more than 7 jobs; operators can raise the limit of 7 jobs up to 10000 (DELTA_PLAN_JOBS_MAX, `--max-jobs`)",
    );
    const matrix = `{ axes: { n: [${many(200, String).replaceAll("\n", ",")}] } }`;
    const wide = `version: 1\njobs:\n${many(51, (index) => `  j${index}: { matrix: ${matrix}, steps: [a] }`)}`;
    const [hopeless] = load(wide, PLAN_JOBS_CEILING).diagnostics;
    expect(hopeless?.message).toMatch(/that is as far as the limit goes, so split the pipeline$/);
  });
});

test("needs between jobs may be ten times as many as jobs, and are counted before they are made", () => {
  const last = (jobs: number, final: number) =>
    `${pipeline(jobs)}${pipeline(final, "finally").replace("version: 1\n", "").replaceAll("j", "k")}`;
  expect(codesOf(load(last(20, 10), 30))).toEqual([]);
  expect(codesOf(load(last(20, 11), 31))).toEqual([]);
  expect(codesOf(load(last(20, 20), 40))).toEqual([]);
  expect(codesOf(load(last(21, 20), 41))).toEqual(["DC1205"]);
  expect(codesOf(load(last(5_000, 5_000), PLAN_JOBS_CEILING))).toEqual(["DC1205"]);
});
