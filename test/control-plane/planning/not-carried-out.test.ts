import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { notCarriedOut } from "../../../control-plane/planning/not-carried-out.ts";
import { planCommit } from "../../../control-plane/planning/plan-commit.ts";
import { pushEvent } from "../../../schemas/event.ts";
import type { Plan, PlanJob } from "../../../schemas/plan.ts";
import { testJob, testPlan } from "../../support/plans.ts";
import { ScratchRepository } from "../../support/scratch-repository.ts";

const PLACE = { file: ".delta/pipeline.yaml", line: 7, column: 3 };
const NOMAD = { labels: true, network: true };
const PROCESS = { labels: false, network: false };

/** Each thing a job can ask for and this server does not do, by the key it is told under. */
const ASKED: Readonly<Record<string, Partial<PlanJob>>> = {
  services: {
    services: [{ name: "db", image: "i", env: {}, command: null, ports: [], ready: null, place: PLACE }],
  },
  secrets: { secrets: [{ variable: "T", secret: "t", place: PLACE }] },
  id_tokens: { id_tokens: [{ variable: "T", audiences: ["a"], place: PLACE }] },
  approval: { approval: { approvers: [], min: 1, expires_ms: null, place: PLACE } },
  "run: manual": { start: "manual" },
  "network: registries": { network: { egress: "registries" } },
  "matrix.fail_fast": { cells: { max: null, fail_fast: true } },
};

const keysOf = (plan: Plan, backend = NOMAD) => notCarriedOut(plan, backend).map(({ key }) => key);

describe("what a server does not carry out", () => {
  test.each(Object.entries(ASKED))("%s stops the run", (key, asked) => {
    const found = notCarriedOut(testPlan([testJob("test", { place: PLACE, ...asked })]), NOMAD);
    expect(found).toMatchObject([{ key, job: "test", harmless: null }]);
  });

  test("a plain job asks for nothing more", () => {
    expect(keysOf(testPlan([testJob("test")]), PROCESS)).toEqual([]);
  });

  test("every key of a planned job is either told here or carried out", () => {
    const told = ["caches", "environment", "runner", ...Object.values(ASKED).flatMap(Object.keys)];
    const carriedOut =
      "key job name outputs artifacts needs late matrix component image workdir shell env steps resources required allow_failure retry timeout_ms queue_timeout_ms no_output_timeout_ms checkout priority concurrency interruptible cancel place".split(
        " ",
      );
    const known = new Set([...told, ...carriedOut]);
    expect(Object.keys(testJob("test")).filter((key) => !known.has(key))).toEqual([]);
  });

  test("the reference names all of it", () => {
    const path = new URL("../../../docs/reference/pipeline.md", import.meta.url);
    const section =
      /^## What a server carries out$([\s\S]*?)^## /m.exec(readFileSync(path, "utf8"))?.[1] ?? "";
    const ofRun = ["policies.runs.budget", "policies.runs.on_failure"];
    const keys = [...Object.keys(ASKED), ...ofRun, "runner.labels", "caches", "environment"];
    const named = (key: string) => section.includes(`\`${key.replace(/^network: .*/, "network")}`);
    expect(keys.filter((key) => !named(key))).toEqual([]);
  });

  test("a cache and an environment are told and stop nothing", () => {
    const job = testJob("test", {
      caches: [{ key: "k", paths: ["a"], restore_keys: [], mode: "read", place: PLACE }],
      environment: { name: "test", url: null },
    });
    expect(notCarriedOut(testPlan([job]), NOMAD)).toMatchObject([
      { key: "caches", place: PLACE, harmless: "the job runs without them, only slower" },
      { key: "environment", harmless: "nothing shows it and nothing waits for it" },
    ]);
  });

  test("labels and no network are what the backend makes of them", () => {
    const runner = { ...testJob("test").runner, labels: ["gpu"] };
    const plan = testPlan([testJob("test", { runner, network: { egress: "none" } })]);
    expect(notCarriedOut(plan, NOMAD)).toEqual([]);
    expect(notCarriedOut(plan, PROCESS)).toMatchObject([
      { key: "runner.labels", harmless: null },
      { key: "network: none", harmless: "its runners can reach what their machine can" },
    ]);
  });

  test("limits of a run are told without a job", () => {
    const limits = { budget_ms: 1, on_failure: "cancel" } as const;
    const plan = testPlan([testJob("test")], { limits });
    expect(notCarriedOut(plan, NOMAD).map(({ key, job, place }) => [key, job, place])).toEqual([
      ["policies.runs.budget", null, null],
      ["policies.runs.on_failure", null, null],
    ]);
  });

  test("the cells of a matrix are told once", () => {
    const cells = [22, 24].map((node) =>
      testJob(`test[node=${node}]`, { job: "test", ...ASKED["services"] }),
    );
    expect(keysOf(testPlan(cells))).toEqual(["services"]);
  });
});

const PIPELINE = `version: 1
jobs:
  build:
    caches: [{ key: a, paths: b }]
    steps: [make]
  test:
    if: event.kind == 'push'
    services: { db: "postgres:18" }
    steps: [make test]
`;

async function planned(kind: "push" | "manual") {
  const repository = new ScratchRepository();
  const head = repository.commit({ ".delta/pipeline.yaml": PIPELINE });
  return planCommit({
    repositoryPath: repository.path,
    event: { ...pushEvent({ ref: "refs/heads/main", head, default_branch: "main" }), kind },
    head,
    base: null,
    lastGreen: null,
    jobs: [],
    all: false,
    compilerVersion: "1.2.3",
  });
}

describe("a commit that the server plans", () => {
  test("has no plan when a selected job asks for it, and a finding on its line", async () => {
    const { digest, canonical, diagnostics } = await planned("push");
    expect([digest, canonical]).toEqual([null, null]);
    expect(diagnostics).toMatchObject([
      { code: "DC1141", severity: "warning", place: { line: 4 } },
      {
        code: "DC1140",
        severity: "error",
        message: "This server does not carry out `services` yet, which `test` asks for",
        place: { file: ".delta/pipeline.yaml", line: 8, column: 17 },
        end: { line: 8, column: 19 },
        span: { start: PIPELINE.indexOf("db:"), end: PIPELINE.indexOf("db:") + 2 },
      },
    ]);
  });

  test("has one when the job that asks is not part of it, and warnings stay with it", async () => {
    const { digest, diagnostics } = await planned("manual");
    expect(digest).toMatch(/^sha256:/);
    expect(diagnostics.map(({ code }) => code)).toEqual(["DC1141"]);
  });
});
