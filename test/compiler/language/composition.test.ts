import { describe, expect, test } from "vitest";
import type { JobModel, PipelineModel } from "../../../compiler/language/index.ts";
import type { Template } from "../../../compiler/expressions/index.ts";
import { JOB_TEMPLATES_MAX } from "../../../compiler/language/extend-job.ts";
import { codesOf, loadFiles, loadText, PIPELINE, pushToMain } from "./load-text.ts";

function load(files: Readonly<Record<string, string>>): PipelineModel {
  const loaded = loadFiles(files);
  expect(loaded.diagnostics).toEqual([]);
  if (loaded.model === null) throw new Error("a pipeline without findings has a model");
  return loaded.model;
}

function jobOf(model: PipelineModel, key: string): JobModel {
  const job = model.jobs.find((one) => one.key === key);
  if (job === undefined) throw new Error(`no job ${key}`);
  return job;
}

/** A template's text; an expression shows as its literal value or its kind. */
function shown(template: Template | null | undefined): string {
  return (template?.parts ?? [])
    .map((part) =>
      typeof part === "string" ? part : part.kind === "literal" ? String(part.value) : `<${part.kind}>`,
    )
    .join("");
}

const runs = (job: JobModel) => job.steps.map(({ run }) => shown(run));
const env = (job: JobModel) =>
  Object.fromEntries(Array.from(job.env, ([name, value]) => [name, shown(value)]));

describe("templates", () => {
  test("of which each extends the next count like those that one job names", () => {
    const chainOf = (count: number) => {
      const more = Array.from(
        { length: count - 1 },
        (_, index) => `  t${index}: { extends: t${index + 1} }\n`,
      );
      const last = `  t${count - 1}: { timeout: 1m }\n`;
      const text = `version: 1\ntemplates:\n${more.join("")}${last}jobs: { a: { extends: t0, steps: [a] } }\n`;
      return loadText(text).diagnostics.map(({ code }) => code);
    };
    expect(chainOf(JOB_TEMPLATES_MAX)).toEqual([]);
    expect(chainOf(JOB_TEMPLATES_MAX + 1)).toEqual(["DC1603"]);
    expect(chainOf(9_000)).toEqual(["DC1603"]);
  });

  const model = load({
    [PIPELINE]: `version: 1
defaults: { env: { LEVEL: defaults, KEPT: defaults }, timeout: 5m }
templates:
  node: { image: "node:24", env: { LEVEL: node }, steps: [npm ci] }
  slow: { extends: node, timeout: 30m, +steps: [sleep 1] }
jobs:
  plain: { steps: [a] }
  replaced: { extends: node, steps: [a] }
  appended: { extends: slow, +steps: [npm test], env: { OWN: job } }
  reduced: { extends: node, image: , env: { LEVEL: } }
`,
  });

  test("a job's own keys win, maps are merged, lists are replaced", () => {
    expect(runs(jobOf(model, "replaced"))).toEqual(["a"]);
    expect(env(jobOf(model, "replaced"))).toEqual({ LEVEL: "node", KEPT: "defaults" });
  });

  test("`+key` appends through every level", () => {
    const job = jobOf(model, "appended");
    expect(runs(job)).toEqual(["npm ci", "sleep 1", "npm test"]);
    expect(job.timeoutMs).toBe(30 * 60_000);
    expect(env(job)).toEqual({ LEVEL: "node", KEPT: "defaults", OWN: "job" });
  });

  test("null takes away what is set below", () => {
    const job = jobOf(model, "reduced");
    expect(job.image).toBeNull();
    expect(env(job)).toEqual({ KEPT: "defaults" });
  });

  test("null that takes nothing away is a forgotten value", () => {
    expect(codesOf(loadText("version: 1\njobs: { a: { image: , steps: [a] } }"))).toEqual(["DC1103"]);
  });

  test("a value keeps the place in the template it was written at", () => {
    const span = jobOf(model, "appended").image?.span;
    expect(span?.file).toBe(PIPELINE);
    expect(span?.start).toBe(jobOf(model, "replaced").image?.span.start);
  });
});

describe("includes", () => {
  const deploy = `version: 1
inputs:
  stage: { options: [test, production] }
  replicas: { type: number, default: 2 }
templates:
  deploy: { if: "inputs.replicas > 1", env: { STAGE: "\${{ inputs.stage }}" }, steps: ["./deploy \${{ inputs.stage }} \${{ inputs.replicas }}"] }
`;

  test("`+key` and null reach the templates below, whichever file says them", () => {
    const model = load({
      [PIPELINE]:
        "version: 1\ninclude: [.delta/a.yaml]\njobs: { own: { extends: node, +steps: [own], image: , env: { LEVEL: } }, far: { +steps: [last] } }\n",
      ".delta/a.yaml":
        'version: 1\ntemplates: { node: { image: "node:24", env: { LEVEL: node, KEPT: node }, steps: [npm ci] } }\njobs: { far: { extends: node, +steps: [far] } }\n',
    });
    expect(runs(jobOf(model, "own"))).toEqual(["npm ci", "own"]);
    expect(jobOf(model, "own").image).toBeNull();
    expect(env(jobOf(model, "own"))).toEqual({ KEPT: "node" });
    expect(runs(jobOf(model, "far"))).toEqual(["npm ci", "far", "last"]);
  });

  test("an included file brings its jobs, and the including file wins", () => {
    const model = load({
      [PIPELINE]: "version: 1\ninclude: [.delta/a.yaml]\njobs: { shared: { timeout: 2m } }\n",
      ".delta/a.yaml":
        "version: 1\nname: from-a\njobs: { shared: { timeout: 1m, steps: [a] }, own: { steps: [b] } }\n",
    });
    expect(model.name).toBe("from-a");
    expect(model.jobs.map(({ key }) => key)).toEqual(["shared", "own"]);
    expect(jobOf(model, "shared").timeoutMs).toBe(120_000);
    expect(jobOf(model, "own").span.file).toBe(".delta/a.yaml");
  });

  test("every file read is a source", () => {
    const { sources } = loadFiles({
      [PIPELINE]: "version: 1\ninclude: [.delta/b.yaml]\njobs: { a: { steps: [a] } }\n",
      ".delta/b.yaml": "version: 1\ninclude: [.delta/a.yaml]\n",
      ".delta/a.yaml": "version: 1\n",
      ".delta/unused.yaml": "version: 1\n",
    });
    expect(sources.map(({ path }) => path)).toEqual([".delta/a.yaml", ".delta/b.yaml", PIPELINE]);
  });

  test("inputs are values inside the file that declares them, and trusted in scripts", () => {
    const model = load({
      [PIPELINE]:
        "version: 1\ninclude: [{ local: .delta/deploy.yaml, inputs: { stage: test } }]\njobs: { d: { extends: deploy } }\n",
      ".delta/deploy.yaml": deploy,
    });
    const job = jobOf(model, "d");
    expect(runs(job)).toEqual(["./deploy test 2"]);
    expect(env(job)).toEqual({ STAGE: "test" });
    expect(job.condition?.if?.source).toBe("inputs.replicas > 1");
  });

  test("two readings of one file have inputs of their own", () => {
    const model = load({
      [PIPELINE]:
        "version: 1\ninclude: [{ local: .delta/a.yaml, inputs: { x: 1 } }, { local: .delta/b.yaml }]\n",
      ".delta/a.yaml":
        'version: 1\ninputs: { x: { type: number } }\njobs: { first: { steps: ["echo ${{ inputs.x }}"] } }\n',
      ".delta/b.yaml":
        'version: 1\ninputs: { x: { default: two } }\njobs: { second: { steps: ["echo ${{ inputs.x }}"] } }\n',
    });
    expect(model.jobs.flatMap(runs)).toEqual(["echo 1", "echo two"]);
  });

  test("more than 64 files are refused, each reading counted", () => {
    const many = Array.from({ length: 9 }, () => ".delta/a.yaml").join(", ");
    const loaded = loadFiles({
      [PIPELINE]: `version: 1\ninclude: [${many}]\njobs: { a: { steps: [a] } }\n`,
      ".delta/a.yaml": `version: 1\ninclude: [${many.replaceAll("a.yaml", "b.yaml")}]\n`,
      ".delta/b.yaml": "version: 1\n",
    });
    expect(codesOf(loaded)).toContain("DC1606");
  });

  test("nine files deep are refused", () => {
    const files: Record<string, string> = {
      [PIPELINE]: "version: 1\ninclude: [.delta/f1.yaml]\njobs: { a: { steps: [a] } }\n",
    };
    for (let depth = 1; depth <= 9; depth += 1)
      files[`.delta/f${depth}.yaml`] = `version: 1\ninclude: [.delta/f${depth + 1}.yaml]\n`;
    files[".delta/f10.yaml"] = "version: 1\n";
    expect(codesOf(loadFiles(files))).toEqual(["DC1606"]);
  });
});

describe("the pipeline's own inputs", () => {
  const text = `version: 1
inputs: { stage: { options: [test, production], default: test }, count: { type: number } }
jobs: { a: { if: "inputs.stage == 'test'", env: { COUNT: "\${{ inputs.count ?? 1 }}" }, steps: [a] } }
`;
  const asked = (inputs: Readonly<Record<string, string | number | boolean>>) =>
    loadText(text, { ...pushToMain, kind: "manual", inputs });

  test("have their defaults where nobody gives values", () => {
    const { model, diagnostics } = loadText(text);
    expect(diagnostics).toEqual([]);
    expect([...(model?.inputs ?? [])]).toEqual([
      ["stage", "test"],
      ["count", null],
    ]);
  });

  test("are given by a person, checked, and must all be there", () => {
    expect([...(asked({ count: 3 }).model?.inputs ?? [])]).toEqual([
      ["stage", "test"],
      ["count", 3],
    ]);
    expect(codesOf(asked({}))).toEqual(["DC1607"]);
    expect(codesOf(asked({ count: "3" }))).toEqual(["DC1609"]);
    expect(codesOf(asked({ count: 3, stage: "live" }))).toEqual(["DC1609"]);
    expect(codesOf(asked({ count: 3, other: true }))).toEqual(["DC1608"]);
  });

  test("may not become code in a script", () => {
    expect(
      codesOf(
        loadText(
          `version: 1\ninputs: { x: { default: a } }\njobs: { a: { steps: ["echo \${{ inputs.x }}"] } }`,
        ),
      ),
    ).toEqual(["DC1306"]);
  });
});

describe("rules, parallel and finally", () => {
  test("rules keep their order, their default is to run", () => {
    const model = load({
      [PIPELINE]:
        "version: 1\njobs: { a: { rules: [{ if: ref.is_default, run: never, reason: quiet }, { changes: src/** }], steps: [a] } }",
    });
    const rules = jobOf(model, "a").rules ?? [];
    expect(rules.map(({ run, reason }) => [run.value, reason])).toEqual([
      ["never", "quiet"],
      ["auto", null],
    ]);
    expect(rules[1]?.condition.changes?.globs.map(({ value }) => value)).toEqual(["src/**"]);
  });

  test("parallel multiplies the cells of a matrix and tells each its share", () => {
    const model = load({
      [PIPELINE]:
        "version: 1\njobs: { t: { matrix: { axes: { os: [linux, darwin] } }, parallel: 2, steps: [a] } }",
    });
    expect(model.jobs.map(({ key }) => key)).toEqual([
      "t[os=linux,parallel=1]",
      "t[os=linux,parallel=2]",
      "t[os=darwin,parallel=1]",
      "t[os=darwin,parallel=2]",
    ]);
    expect(env(model.jobs[0] as JobModel)).toEqual({
      DELTA_PARALLEL_INDEX: "<member>",
      DELTA_PARALLEL_TOTAL: "2",
    });
  });

  test("more than 256 instances are refused", () => {
    const axis = `[${Array.from({ length: 200 }, (_, index) => index).join(", ")}]`;
    expect(
      codesOf(
        loadText(`version: 1\njobs: { t: { matrix: { axes: { a: ${axis} } }, parallel: 2, steps: [a] } }`),
      ),
    ).toEqual(["DC1401"]);
  });

  test("a job under `finally` waits for every other one, however it ended", () => {
    const model = load({
      [PIPELINE]:
        "version: 1\njobs: { a: { steps: [a] }, b: { steps: [a] } }\nfinally: { report: { needs: b, steps: [a] } }",
    });
    expect(jobOf(model, "report").needs.map(({ job, when }) => [job.value, when])).toEqual([
      ["b", "success"],
      ["a", "done"],
    ]);
  });

  test("an id stands under `jobs` or under `finally`", () => {
    expect(
      codesOf(loadText("version: 1\njobs: { a: { steps: [a] } }\nfinally: { a: { steps: [a] } }")),
    ).toContain("DC1018");
  });

  test("limits of a run are read", () => {
    const model = load({
      [PIPELINE]:
        "version: 1\npolicies: { runs: { max_runtime: 2h, max_concurrency: 4 } }\njobs: { a: { steps: [a] } }",
    });
    expect(model.policies.runs).toMatchObject({
      maxRuntimeMs: { value: 7_200_000, from: { by: "repository" } },
      maxConcurrency: { value: 4, from: { by: "repository" } },
      budgetMs: null,
    });
  });
});
