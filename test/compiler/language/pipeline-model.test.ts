import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Report } from "../../../compiler/diagnostics/report.ts";
import { Binder } from "../../../compiler/language/bind.ts";
import {
  bindJob,
  formatDuration,
  type JobModel,
  parseDuration,
  scopeNames,
} from "../../../compiler/language/index.ts";
import { parseSize } from "../../../compiler/language/size.ts";
import { codesOf, loadFiles, loadText, PIPELINE, pushToMain } from "./load-text.ts";

function load(text: string) {
  const loaded = loadText(text);
  expect(loaded.diagnostics).toEqual([]);
  if (loaded.model === null) throw new Error("a pipeline without findings has a model");
  return loaded.model;
}

function jobOf(yaml: string, key = "test"): JobModel {
  const job = load(`version: 1\n${yaml}`).jobs.find((one) => one.key === key);
  if (job === undefined) throw new Error(`no job ${key}`);
  return job;
}

function bind(job: JobModel, event = pushToMain) {
  const report = new Report();
  const changes = {
    base: null,
    head: event.head,
    merge_base: null,
    rule: "everything",
    ladder: [],
    changed: null,
    uncertain: [],
  } as const;
  const names = scopeNames({
    event,
    vars: new Map([["node", 24]]),
    changes,
    matrix: job.matrix,
    component: null,
  });
  const binder = new Binder({ names, files: [] }, report);
  const bound = { ...bindJob(job, binder), steps: job.steps.flatMap((step) => binder.step(step)) };
  return { bound, diagnostics: report.settle() };
}

describe("loading", () => {
  test("a commit without a pipeline is a finding without a place", () => {
    const loaded = loadFiles({ "README.md": "hello" });
    expect(loaded).toMatchObject({ model: null, sources: [], diagnostics: [{ code: "DC1001", span: null }] });
  });

  test("what was read is named with its blob", () => {
    const { sources } = loadText("version: 1\njobs: { a: { steps: [a] } }");
    expect(sources).toEqual([{ path: PIPELINE, blob: `blob-of-${PIPELINE}`, from: null }]);
  });

  test("the same bytes give the same model", () => {
    const text = "version: 1\njobs: { a: { matrix: { axes: { b: [1, 2] } }, steps: [a] } }";
    expect(loadText(text)).toEqual(loadText(text));
  });

  test("a thousand jobs are read, one more is refused", () => {
    const jobs = (count: number) =>
      `version: 1\njobs:\n${Array.from({ length: count }, (_, index) => `  j${index}: { steps: [a] }\n`).join("")}`;
    expect(load(jobs(1_000)).jobs).toHaveLength(1_000);
    expect(codesOf(loadText(jobs(1_001)))).toEqual(["DC1205"]);
  });

  test("more than ten thousand needs between instances are refused", () => {
    const axis = `{ axes: { n: [${Array.from({ length: 101 }, (_, index) => index).join(", ")}] } }`;
    const text = `version: 1\njobs:\n  a: { matrix: ${axis}, steps: [a] }\n  b: { needs: a, matrix: ${axis}, steps: [a] }\n`;
    expect(codesOf(loadText(text))).toEqual(["DC1205"]);
  });
});

describe("defaults and environment", () => {
  const yaml = `
env: { A: pipeline, B: pipeline, C: pipeline }
defaults: { image: "node:22", timeout: 5m, env: { B: defaults, C: defaults }, resources: { cpu: 2 } }
jobs:
  test: { env: { C: job }, timeout: 10m, resources: { memory: 1GiB }, steps: [a] }
`;

  test("the nearest value wins, maps are merged", () => {
    const job = jobOf(yaml);
    expect(job).toMatchObject({ timeoutMs: 600_000, resources: { cpuMillis: 2_000, memoryBytes: 2 ** 30 } });
    expect(bind(job).bound).toMatchObject({
      image: "node:22",
      env: { A: "pipeline", B: "defaults", C: "job" },
    });
  });

  test("numbers and booleans reach the environment as written", () => {
    const { bound } = bind(
      jobOf('jobs: { test: { env: { A: 3.10, B: yes, C: true, D: 0x10, E: "" }, steps: [a] } }'),
    );
    expect(bound?.env).toEqual({ A: "3.10", B: "yes", C: "true", D: "0x10", E: "" });
  });
});

describe("matrix", () => {
  const keys = (matrix: string) =>
    load(`version: 1\njobs: { test: { matrix: ${matrix}, steps: [a] } }`).jobs.map(({ key }) => key);

  test("cells come in the order written, axes in their names' order", () => {
    expect(keys("{ axes: { os: [linux, darwin], node: [22, 24] } }")).toEqual([
      "test[node=22,os=linux]",
      "test[node=24,os=linux]",
      "test[node=22,os=darwin]",
      "test[node=24,os=darwin]",
    ]);
  });

  test("exclude takes away, include extends or adds", () => {
    const matrix =
      "{ axes: { node: [22, 24], os: [linux, darwin] }, exclude: [{ node: 22, os: darwin }], include: [{ node: 24, slow: true }, { node: 26, os: linux }] }";
    expect(keys(matrix)).toEqual([
      "test[node=22,os=linux]",
      "test[node=24,os=linux,slow=true]",
      "test[node=24,os=darwin,slow=true]",
      "test[node=26,os=linux]",
    ]);
  });

  test("256 cells are the most", () => {
    const axis = (count: number) => `[${Array.from({ length: count }, (_, index) => index).join(", ")}]`;
    expect(keys(`{ axes: { a: ${axis(16)}, b: ${axis(16)} } }`)).toHaveLength(256);
    expect(
      codesOf(loadText(`version: 1\njobs: { t: { matrix: { axes: { a: ${axis(257)} } }, steps: [a] } }`)),
    ).toEqual(["DC1401"]);
  });

  test("an axis that some cell lacks needs a default", () => {
    const job = (use: string) =>
      `version: 1\njobs: { t: { matrix: { axes: { a: [1] }, include: [{ b: 2 }] }, env: { B: "\${{ ${use} }}" }, steps: [a] } }`;
    expect(codesOf(loadText(job("matrix.b")))).toEqual(["DC1303"]);
    expect(codesOf(loadText(job("matrix.b ?? 0")))).toEqual([]);
  });

  test("a need is bound to every instance", () => {
    const { jobs } = load(
      "version: 1\njobs:\n  a: { matrix: { axes: { n: [1, 2] } }, steps: [a] }\n  b: { needs: a, steps: [a] }",
    );
    expect(jobs.at(-1)?.needs[0]?.keys).toEqual(["a[n=1]", "a[n=2]"]);
  });
});

describe("binding a job's texts", () => {
  test("expressions are worked out, `$${{` stands for itself, a step's name is its first line", () => {
    const job = jobOf(
      'vars: { node: 24 }\njobs: { test: { image: "node:${{ vars.node }}", env: { T: "$${{ x }}" }, steps: ["\\n# note\\nnpm test\\n"] } }',
    );
    expect(bind(job).bound).toMatchObject({
      image: "node:24",
      env: { T: "${{ x }}" },
      steps: [{ name: "npm test" }],
    });
  });

  test("a step whose condition is false is left out", () => {
    const job = jobOf(
      "jobs: { test: { steps: [{ run: a, if: ref.is_default }, { run: b, if: \"event.kind == 'pull_request'\" }] } }",
    );
    expect(bind(job).bound?.steps.map(({ run }) => run)).toEqual(["a"]);
  });

  test("a branch that is a command stays data", () => {
    const event = { ...pushToMain, ref: 'refs/heads/"; curl x | sh #' };
    const job = jobOf('jobs: { test: { env: { BRANCH: "${{ ref.name }}" }, steps: [\'echo "$BRANCH"\'] } }');
    expect(bind(job, event).bound).toMatchObject({
      env: { BRANCH: '"; curl x | sh #' },
      steps: [{ run: 'echo "$BRANCH"' }],
    });
  });

  test("a text without a value is a finding, not an empty string", () => {
    const { diagnostics } = bind(
      jobOf(`jobs: { test: { env: { A: "\${{ from_json('{') }}" }, steps: [a] } }`),
    );
    expect(diagnostics.map(({ code }) => code)).toEqual(["DC1308"]);
  });

  test("a folder that leaves the repository through an expression is found", () => {
    const job = jobOf(
      'jobs: { test: { matrix: { axes: { d: ["../x"] } }, workdir: "a/${{ matrix.d }}/..", steps: [a] } }',
      "test[d=../x]",
    );
    expect(bind(job).diagnostics.map(({ code }) => code)).toEqual(["DC1112"]);
  });
});

describe("durations and sizes", () => {
  test("formatting a duration and reading it again gives the same milliseconds", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 11 }), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds);
      }),
    );
  });

  test.each(["", "1", "1h1h", "1m1h", "-1s", "1.5h", " 1s", "1s ", "1S", "١s", "1e3s"])(
    "%j is no duration",
    (text) => {
      expect(parseDuration(text)).toBeNull();
    },
  );

  test("any text reads as a duration or as none, without an exception", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseDuration(text) ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test.each<[string, number | null]>([
    ["1KiB", 1_024],
    ["1.5MB", 1_500_000],
    ["2GiB", 2 ** 31],
    ["1", null],
    ["1 GiB", null],
    ["999999999TiB", null],
  ])("%s is %j bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });
});
