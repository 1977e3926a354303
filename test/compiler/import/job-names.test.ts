import { expect, test } from "vitest";
import { importPipeline } from "../../../compiler/import/index.ts";
import { compile } from "../../../compiler/index.ts";
import { caseInput } from "../support/case-input.ts";

/** What a variable is in each instance of a job of GitLab, and what is told of it. */
function valuesOf(name: string, job: string) {
  const text = `"Unit: Tests!": { script: 'echo $${name}', ${job} }\n`;
  const { pipeline, findings } = importPipeline("gitlab", "ci.yml", new TextEncoder().encode(text));
  const jobs = compile(caseInput(pipeline)).plan?.jobs ?? [];
  return {
    values: jobs.map(({ env }) => env[name]),
    told: findings.map(({ message }) => message),
  };
}

test.each([
  ["CI_JOB_NAME", "image: a", ["Unit: Tests!"]],
  ["CI_JOB_NAME_SLUG", "image: a", ["unit--tests"]],
  ["CI_JOB_IMAGE", "image: 'registry.example/a:1'", ["registry.example/a:1"]],
  ["CI_JOB_NAME", "parallel: 2", ["Unit: Tests! 1/2", "Unit: Tests! 2/2"]],
  [
    "CI_JOB_NAME",
    "parallel: { matrix: [{ A: [x, y], B: z }] }",
    ["Unit: Tests!: [x, z]", "Unit: Tests!: [y, z]"],
  ],
])("`$%s` of %s is that of each instance", (name, job, values) => {
  expect(valuesOf(name, job)).toEqual({ values, told: [] });
});

test.each([
  ["CI_JOB_NAME", "parallel: { matrix: [{ A: [x], B: z }, { A: q }] }"],
  ["CI_JOB_NAME_SLUG", "parallel: 2"],
  ["CI_JOB_IMAGE", "tags: [a]"],
])("`$%s` of %s is told", (name, job) => {
  expect(valuesOf(name, job).told).toEqual([expect.stringContaining(`\`$${name}\`, which nothing sets`)]);
});
