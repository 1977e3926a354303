import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { importPipeline } from "../../../compiler/import/index.ts";

type Job = Readonly<Record<string, unknown>>;

/** A workflow imported with the files of its repository. */
function imported(text: string, files: Readonly<Record<string, string>>) {
  const bytes = (of: string | undefined) => (of === undefined ? null : new TextEncoder().encode(of));
  const { pipeline, findings, jobs } = importPipeline("github", "ci.yml", new TextEncoder().encode(text), {
    files: { read: (path) => bytes(files[path]), list: () => Object.keys(files) },
  });
  return {
    of: (parse(pipeline ?? "{}") as { readonly jobs: Record<string, Job> }).jobs,
    told: findings.map(({ code, message }) => `${code} ${message}`),
    jobs: jobs.map(({ name, outcome }) => `${name} ${outcome}`),
  };
}

describe("what `uses` names in the same repository", () => {
  const files = {
    ".github/workflows/test.yml":
      "on: workflow_call\njobs: { unit: { container: a, steps: [{ run: make }] } }\n",
    ".github/actions/greet/action.yml":
      "runs: { using: composite, steps: [{ run: echo hello, shell: bash }] }\n",
  };

  test.each(["./", "$/"])("is read after %s", (root) => {
    const { of, told } = imported(
      `on: push\njobs:\n  call: { uses: ${root}.github/workflows/test.yml }\n  greet: { container: a, steps: [{ uses: ${root}.github/actions/greet }] }\n`,
      files,
    );
    expect(told).toEqual([]);
    expect(of["call-unit"]).toMatchObject({ steps: ["make"] });
    expect(of["greet"]).toMatchObject({ steps: ["echo hello"] });
  });
});

test("a job of a workflow that nothing starts here never runs, and is none that was converted", () => {
  const job = "jobs: { a: { container: i, steps: [{ run: x }] } }\n";
  expect(imported(`on: workflow_call\n${job}`, {}).jobs).toEqual(["a left_out"]);
  expect(imported(`on: [workflow_call, push]\n${job}`, {}).jobs).toEqual(["a whole"]);
});
