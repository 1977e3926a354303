import { describe, expect, test } from "vitest";
import { compile } from "../../../compiler/index.ts";
import type { PlanJob } from "../../../schemas/plan.ts";
import { type CaseInput, caseInput } from "../support/case-input.ts";
import { compiled } from "../support/compiled.ts";

/** The one job of the pipeline, `job`, with these lines. */
function planned(lines: string, given: CaseInput = {}): PlanJob {
  const job = compiled(`version: 1\njobs:\n  job:\n    steps: [a]\n${lines}`, given).plan.jobs[0];
  if (job === undefined) throw new Error("the job is not in the plan");
  return job;
}

function errors(pipeline: string, given: CaseInput = {}): readonly string[] {
  return compile(caseInput(pipeline, given)).diagnostics.map(({ code, message }) => `${code} ${message}`);
}

describe("what stands around the steps is in the plan, worked out", () => {
  test("services", () => {
    const { services } = planned(`
    services:
      cache: "redis:\${{ 8 }}"
      db:
        image: postgres:18
        env: { USER: "\${{ ref.name }}" }
        command: [postgres, -c, fsync=off]
        ports: [5432, 5432]
        ready: [pg_isready]
`);
    expect(services).toMatchObject([
      { name: "cache", image: "redis:8", env: {}, command: null, ports: [], ready: null },
      {
        name: "db",
        image: "postgres:18",
        env: { USER: "main" },
        command: ["postgres", "-c", "fsync=off"],
        ports: [5432],
        ready: { command: ["pg_isready"], timeout_ms: 60_000 },
        place: { file: ".delta/pipeline.yaml", line: 8, column: 7 },
      },
    ]);
  });

  test("caches and artifacts", () => {
    const { caches, artifacts } = planned(`
    caches:
      - { key: "k-\${{ ref.name }}", paths: node_modules, restore_keys: [k-], mode: read }
    artifacts:
      - { name: "dist-\${{ ref.name }}", path: ["dist/**"], type: junit, when: always, expire: 7d, required: true }
      - { name: plain, path: out }
`);
    expect(caches).toMatchObject([
      { key: "k-main", paths: ["node_modules"], restore_keys: ["k-"], mode: "read" },
    ]);
    expect(artifacts).toMatchObject([
      {
        name: "dist-main",
        paths: ["dist/**"],
        type: "junit",
        when: "always",
        expire_ms: 604_800_000,
        required: true,
      },
      { name: "plain", paths: ["out"], type: "file", when: "success", expire_ms: null, required: false },
    ]);
  });

  test("what it is given and who lets it start", () => {
    const job = planned(`
    secrets: { TOKEN: shop/deploy }
    id_tokens: { CLOUD: cloud.example }
    network: none
    environment: { name: "\${{ ref.name }}", url: https://shop.example }
    approval: { approvers: [bob, alice], expires: 2h }
    concurrency: { group: "deploy-\${{ ref.name }}", limit: 2, on_conflict: latest }
    checkout: { depth: full }
    no_output_timeout: 10m
    runner: { labels: [ssd, gpu, ssd] }
    outputs: [version]
`);
    expect(job).toMatchObject({
      secrets: [{ variable: "TOKEN", secret: "shop/deploy", place: { line: 6 } }],
      id_tokens: [{ variable: "CLOUD", audiences: ["cloud.example"], place: { line: 7 } }],
      network: { egress: "none" },
      environment: { name: "main", url: "https://shop.example" },
      approval: { approvers: ["alice", "bob"], min: 1, expires_ms: 7_200_000, place: { line: 10 } },
      concurrency: { group: "deploy-main", limit: 2, on_conflict: "latest" },
      checkout: { depth: null },
      no_output_timeout_ms: 600_000,
      outputs: ["version"],
    });
    expect(job.runner.labels).toEqual(["gpu", "ssd"]);
  });

  test("a plain job has none of it, a checkout of one commit, and may be interrupted", () => {
    expect(planned("")).toMatchObject({
      services: [],
      caches: [],
      artifacts: [],
      outputs: [],
      late: [],
      secrets: [],
      id_tokens: [],
      network: null,
      concurrency: null,
      approval: null,
      environment: null,
      cells: null,
      checkout: { depth: 1 },
      interruptible: true,
      no_output_timeout_ms: null,
    });
  });

  test("a deployment is not interrupted unless it says so", () => {
    expect(planned("    environment: test\n").interruptible).toBe(false);
    expect(planned("    environment: test\n    interruptible: true\n").interruptible).toBe(true);
    expect(planned("    interruptible: false\n").interruptible).toBe(false);
  });

  test("checkout: false is no checkout", () => {
    expect(planned("    checkout: false\n").checkout).toBeNull();
    expect(planned("    checkout: { depth: 50 }\n").checkout).toEqual({ depth: 50 });
  });

  test("the bounds of a matrix's cells", () => {
    const cells = (matrix: string) => planned(`    matrix: { axes: { a: [1, 2] }${matrix} }\n`).cells;
    expect(cells("")).toBeNull();
    expect(cells(", max: 1")).toEqual({ max: 1, fail_fast: false });
    expect(cells(", fail_fast: true")).toEqual({ max: null, fail_fast: true });
  });

  test("the group of a run", () => {
    const { plan } = compiled(
      'version: 1\nconcurrency: "checks-${{ ref.name }}"\njobs: { a: { steps: [a] } }',
    );
    expect(plan.concurrency).toEqual({ group: "checks-main", limit: 1, on_conflict: "queue" });
  });

  test("defaults and templates give services and caches, and a job takes one away or adds one", () => {
    const { plan } = compiled(`
version: 1
defaults: { services: { db: "postgres:18", cache: "redis:8" }, caches: [{ key: a, paths: a }] }
jobs:
  one: { services: { cache: null }, +caches: [{ key: b, paths: b }], steps: [a] }
  two: { services: { db: { image: "postgres:17", ports: [5432] } }, steps: [a] }
`);
    const [one, two] = plan.jobs;
    expect(one?.services.map(({ name }) => name)).toEqual(["db"]);
    expect(one?.caches.map(({ key }) => key)).toEqual(["a", "b"]);
    expect(two?.services.map(({ image }) => image)).toEqual(["postgres:17", "redis:8"]);
  });

  test("what only an event shows to be wrong is found when the plan is made", () => {
    const pipeline = (lines: string) => `version: 1\njobs:\n  job:\n    steps: [a]\n${lines}`;
    expect(
      errors(pipeline('    artifacts: [{ name: "a-${{ ref.name }}", path: "${{ ref.name }}/x" }]\n'), {
        event: { ref: "refs/heads/../x y" },
      }),
    ).toEqual([
      "DC1107 `name` must be at most 100 letters, digits, `.`, `_` and `-`, not `a-../x y`",
      "DC1128 `../x y/x` leaves the checkout by `..`",
    ]);
    expect(
      errors(pipeline('    artifacts: [{ name: main, path: a }, { name: "${{ ref.name }}", path: b }]\n')),
    ).toEqual(["DC1126 The job has a second artifact `main`"]);
    expect(errors(pipeline("    caches: [{ key: \"${{ pr.source ?? '' }}\", paths: a }]\n"))).toEqual([
      "DC1106 `key` is empty",
    ]);
    expect(errors(pipeline('    environment: { name: a, url: "${{ ref.name }}" }\n'))).toEqual([
      "DC1107 `url` must begin with `https://` or `http://`, not `main`",
    ]);
  });
});

describe("artifacts of needed jobs", () => {
  const pipeline = (wanted: string) => `
version: 1
jobs:
  build:
    matrix: { axes: { node: [22, 24] } }
    artifacts: [{ name: "dist-\${{ matrix.node }}", path: dist }, { name: notes, path: notes }]
    steps: [a]
  test:
    needs: [{ job: build, artifacts: ${wanted} }]
    steps: [a]
`;

  test("each instance gives those that it has", () => {
    const test = compiled(pipeline("[notes, dist-24]")).plan.jobs.find(({ key }) => key === "test");
    expect(test?.needs.map(({ job, artifacts }) => [job, artifacts])).toEqual([
      ["build[node=22]", ["notes"]],
      ["build[node=24]", ["notes", "dist-24"]],
    ]);
  });

  test("one that no instance has is a finding, though its name is known only to the event", () => {
    expect(errors(pipeline("[dist-26]"))).toEqual([
      "DC1125 `build` has no artifact `dist-26`; did you mean `dist-22`?",
    ]);
  });

  test("are at most a thousand for one job, counted over all instances", () => {
    const names = Array.from({ length: 50 }, (_, at) => `a${at}`);
    const many = (cells: number): string => `
version: 1
jobs:
  build:
    matrix: { axes: { cell: [${Array.from({ length: cells }, (_, at) => at).join(", ")}] } }
    artifacts: [${names.map((name) => `{ name: ${name}, path: ${name} }`).join(", ")}]
    steps: [a]
  test:
    needs: [{ job: build, artifacts: [${names.join(", ")}] }]
    steps: [a]
`;
    expect(errors(many(20))).toEqual([]);
    expect(errors(many(21))).toEqual([
      "DC1106 `test` needs 1050 artifacts, and one job can have at most 1000",
    ]);
  });
});

describe("results and outputs of needed jobs", () => {
  const pipeline = `
version: 1
jobs:
  build: { if: event.kind == 'push', outputs: [version], steps: [a] }
  test:
    needs: [{ job: build, when: done }, { job: absent, optional: true }]
    env: { HOW: "\${{ needs.build.result }}", NONE: "\${{ needs.absent.result }}", PLAIN: "1" }
    steps:
      - { run: never, if: "false" }
      - { run: a, env: { TAG: "v\${{ needs.build.outputs.version }}-\${{ ref.name }}!" } }
`;
  const testJob = (given: CaseInput = {}) =>
    compiled(pipeline, given).plan.jobs.find(({ key }) => key === "test");

  test("are kept in parts until they are known", () => {
    const job = testJob();
    expect(job?.env).toEqual({ NONE: "skipped", PLAIN: "1" });
    expect(job?.steps.map(({ env }) => env)).toEqual([{}]);
    expect(job?.late).toMatchObject([
      { variable: "HOW", step: null, parts: [{ job: "build", output: null }], place: { line: 7 } },
      { variable: "TAG", step: 0, parts: ["v", { job: "build", output: "version" }, "-main!"] },
    ]);
  });

  test("of a job that the plan leaves out are known at once", () => {
    const job = testJob({ event: { kind: "manual" } });
    expect(job?.env).toEqual({ HOW: "skipped", NONE: "skipped", PLAIN: "1" });
    expect(job?.steps.map(({ env }) => env)).toEqual([{ TAG: "v-main!" }]);
    expect(job?.late).toEqual([]);
  });

  test("of the same component are read between two jobs with for_each", () => {
    const { plan } = compiled(
      `
version: 1
components: { api: { root: api }, web: { root: web } }
jobs:
  build: { for_each: affected, outputs: [image], steps: [a] }
  test:
    for_each: affected
    needs: build
    env: { IMAGE: "\${{ needs.build.outputs.image }}" }
    steps: [a]
`,
      { changed: ["api/a", "web/a"] },
    );
    const read = plan.jobs.flatMap(({ key, late }) => late.map(({ parts }) => [key, parts]));
    expect(read).toEqual([
      ["test[component=api]", [{ job: "build[component=api]", output: "image" }]],
      ["test[component=web]", [{ job: "build[component=web]", output: "image" }]],
    ]);
  });
});
