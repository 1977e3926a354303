import { describe, expect, test } from "vitest";
import { compile } from "../../../compiler/index.ts";
import { renderExplain } from "../../../compiler/render/index.ts";
import { caseInput } from "../support/case-input.ts";
import { compiled } from "../support/compiled.ts";

const RELEASE = `version: 1
jobs:
  build: { steps: [make] }
  release:
    needs: build
    timeout: 10m
    env: { LEVEL: quick, REGION: eu }
    rules:
      - if: ref.kind == 'tag'
        set:
          env: { LEVEL: full, TAG: "\${{ ref.name }}" }
          timeout: 2h
          queue_timeout: 30m
          priority: 50
          required: false
          allow_failure: [75]
          retry: { max: 2, on: [timeout] }
          interruptible: false
      - { changes: ["src/**"], run: manual, reason: costs money }
    steps: [./release]
`;

const tag = { event: { ref: "refs/tags/v1" } };
const codes = (pipeline: string): readonly string[] =>
  compile(caseInput(pipeline)).diagnostics.map(({ code }) => code);

describe("`set` of a rule", () => {
  test("holds for the job when that rule decides", () => {
    const { plan } = compiled(RELEASE, tag);
    expect(plan.jobs.at(-1)).toMatchObject({
      start: "auto",
      env: { LEVEL: "full", REGION: "eu", TAG: "v1" },
      timeout_ms: 7_200_000,
      queue_timeout_ms: 1_800_000,
      priority: 50,
      required: false,
      allow_failure: [75],
      retry: { max: 2, on: ["timeout"], delay_ms: 0 },
      interruptible: false,
    });
    expect(plan.decisions.at(-1)?.required).toBe(false);
  });

  test("is named in the decision and its explanation, each key with its place", () => {
    const { plan } = compiled(RELEASE, tag);
    const set = plan.decisions.at(-1)?.set ?? [];
    expect(set.map(({ key, place }) => `${key} ${place.line}:${place.column}`)).toEqual([
      "env.LEVEL 11:25",
      "env.TAG 11:36",
      "timeout 12:20",
      "queue_timeout 13:26",
      "priority 14:21",
      "required 15:21",
      "allow_failure 16:11",
      "retry 17:11",
      "interruptible 18:26",
    ]);
    expect(renderExplain(plan, "release", { colour: false })).toContain(
      "sets        timeout, .delta/pipeline.yaml:12:20",
    );
  });

  test("does not hold when another rule decides", () => {
    const { plan } = compiled(RELEASE, { changed: ["src/a.ts"] });
    expect(plan.jobs.at(-1)).toMatchObject({ timeout_ms: 600_000, env: { LEVEL: "quick" }, required: true });
    expect(plan.decisions.at(-1)?.set).toEqual([]);
  });

  test("holds as well when a person asks for the job by name while the rule's condition is true", () => {
    const { plan } = compiled(RELEASE, { ...tag, request: { jobs: ["release"] } });
    expect(plan.jobs.at(-1)).toMatchObject({ key: "release", timeout_ms: 7_200_000 });
  });

  test("beside `run: never` is a conflict", () => {
    const rules = "rules: [{ run: never, set: { timeout: 2h } }]";
    expect(codes(`version: 1\njobs: { a: { ${rules}, steps: [a] } }`)).toEqual(["DC1111"]);
  });
});

describe("`run: manual`", () => {
  test("is part of the plan and waits until a person starts it", () => {
    const { plan } = compiled(RELEASE, { changed: ["src/a.ts"] });
    expect(plan.jobs.map(({ key, start }) => [key, start])).toEqual([
      ["build", "auto"],
      ["release", "manual"],
    ]);
    const text = renderExplain(plan, "release", { colour: false });
    expect(text).toContain("`src/a.ts` matches `src/**` (`costs money`); it waits until a person starts it");
    expect(text).toContain("starts      by hand, when somebody who may start runs says so");
  });

  test("starts by itself when a person asks for the job by name", () => {
    const { plan } = compiled(RELEASE, { changed: ["src/a.ts"], request: { jobs: ["release"] } });
    expect(plan.jobs.map(({ start }) => start)).toEqual(["auto", "auto"]);
  });

  test("gives way in doubt to a later rule that runs the job by itself, and waits when there is none", () => {
    const rules = (second: string): string =>
      `version: 1\njobs: { a: { rules: [{ changes: [docs/**], run: manual }${second}], steps: [a] } }`;
    const start = (text: string) => compiled(text, { changed: null }).plan.jobs.map((job) => job.start);
    expect(start(rules(", { if: ref.is_default }"))).toEqual(["auto"]);
    expect(start(rules(""))).toEqual(["manual"]);
    expect(start(rules(", { run: never }"))).toEqual(["manual"]);
  });
});

describe("`set` of the pipeline's rules", () => {
  const REGIONS = `version: 1
vars: { region: eu, level: 1 }
rules:
  - { if: ref.kind == 'tag', set: { vars: { region: us } } }
  - {}
jobs:
  deploy: { env: { REGION: "\${{ vars.region }} \${{ vars.level }}" }, steps: [./deploy] }
`;
  const region = (given: Parameters<typeof compiled>[1]) =>
    compiled(REGIONS.replace("  - {}\n", "  - { run: auto }\n"), given).plan.jobs[0]?.env.REGION;

  test("gives other values to `vars`", () => {
    expect(region(tag)).toBe("us 1");
    expect(region({})).toBe("eu 1");
  });

  test("holds also for jobs asked for by name", () => {
    expect(region({ ...tag, request: { jobs: ["deploy"] } })).toBe("us 1");
  });
});

test("`component.outputs` lists what the component's build writes", () => {
  const text = `version: 1
components:
  api: { root: api, outputs: ["api/dist/**", "api/*.tgz"] }
  web: { root: web }
jobs:
  pack:
    for_each: affected
    env: { OUT: "\${{ join(component.outputs, ' ') }}" }
    steps: ["tar cf out.tar \${{ join(component.outputs, ' ') }}"]
`;
  const { plan } = compiled(text, {
    changed: ["api/a.ts", "web/a.ts"],
    files: { "api/a.ts": "", "web/a.ts": "" },
  });
  expect(plan.jobs.map(({ key, env }) => [key, env.OUT])).toEqual([
    ["pack[component=api]", "api/dist/** api/*.tgz"],
    ["pack[component=web]", ""],
  ]);
  const generated = compiled(text, { changed: ["api/dist/a.js"] }).plan;
  expect(generated.components.affected).toEqual([]);
});
