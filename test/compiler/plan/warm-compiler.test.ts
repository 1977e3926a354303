import { createHash } from "node:crypto";
import serialize from "canonicalize";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile, type CompileInput, createCompiler } from "../../../compiler/index.ts";
import { PlannedJobs } from "../../../compiler/plan/planned-jobs.ts";
import { Preparations } from "../../../compiler/plan/prepare.ts";
import type { PipelineEvent } from "../../../schemas/event.ts";
import { changesBetween } from "../../support/compiler/changes-between.ts";
import { treeOf } from "../../support/compiler/tree-snapshot.ts";
import { testEvent } from "../../support/plans.ts";

/** Contents that a file has at one commit or another; null for none. */
const VARIANTS: Readonly<Record<string, readonly (string | null)[]>> = {
  ".delta/pipeline.yaml": [
    pipeline("jobs:\n  build: { changes: [src/**], steps: [make] }\n"),
    pipeline("jobs:\n  # moved by a comment\n  build: { changes: [src/**], steps: [make] }\n"),
    pipeline("include: [.delta/part.yaml]\njobs:\n  own: { needs: [part], steps: [make] }\n"),
    pipeline(
      "include: [{ local: .delta/part.yaml, inputs: { level: deep } }]\ndiscover: [npm]\njobs:\n  each: { for_each: affected, steps: ['echo ${{ component.id }}'] }\n",
    ),
    pipeline(
      "inputs: { level: { type: string, default: low } }\non: { push: {}, manual: {}, pull_request: {} }\njobs:\n  build: { if: inputs.level == 'high', steps: [make] }\n",
    ),
    pipeline(
      "jobs:\n  cells:\n    matrix: { axes: { node: [22, 24] } }\n    changes: ['src/**', '!src/x/**']\n    steps: ['echo ${{ matrix.node }} ${{ ref.name }}']\n",
    ),
    pipeline(
      "jobs:\n  ruled:\n    rules:\n      - { changes: [lib/nothing/**], run: auto }\n      - { if: ref.name == 'main', run: auto, set: { env: { A: b } } }\n    steps: [make]\n",
    ),
    pipeline(
      "jobs:\n  lint: { changes: [lib/**], steps: [make], artifacts: [{ name: found, paths: [out] }] }\n  build:\n    changes: [src/**]\n    needs: [{ job: lint, when: skipped_ok, artifacts: [found] }]\n    env: { HOW: '${{ needs.lint.result }}' }\n    steps: [make]\n",
    ),
    pipeline(
      "jobs:\n  hashed: { env: { H: \"${{ hash_files('src/**') }}\" }, steps: [make] }\n  named: { env: { R: '${{ ref.name }}' }, steps: [make] }\n  counted: { env: { N: '${{ changes.total ?? 0 }}' }, steps: [make] }\n",
    ),
    pipeline(
      "vars: { where: here }\nrules:\n  - { if: ref.name == 'other', set: { vars: { where: there } } }\n  - { run: auto }\njobs:\n  placed: { workdir: 'in/${{ vars.where }}', steps: [make] }\n",
    ),
    pipeline(
      "jobs:\n  a: { if: ref.name == 'other', steps: [make] }\n  b: { changes: [lib/**], needs: [a], steps: [make] }\n  c: { needs: [{ job: b, when: done }], env: { B: '${{ needs.b.result }}' }, steps: [make] }\n",
    ),
    pipeline(
      "vars: { data: '{\"n\":null}' }\njobs:\n  empty: { image: '${{ from_json(vars.data).n }}', steps: [make] }\n",
    ),
    pipeline("jobs:\n  wrong: { steps: [make], needs: [nobody], chnages: [a] }\n"),
    pipeline("jobs:\n  bad: { changes: ['a[', '!b'], steps: [make] }\n"),
    "version: 1\njobs: [",
    null,
  ],
  ".delta/part.yaml": [
    "version: 1\ninputs: { level: { type: string, default: flat } }\njobs:\n  part: { changes: [lib/**], env: { L: '${{ inputs.level }}' }, steps: [make] }\n",
    "version: 1\njobs:\n  part: { steps: [make part] }\n",
    null,
  ],
  "package.json": ['{"name":"root","workspaces":["src/*"]}', null],
  "src/x/package.json": ['{"name":"x"}', '{"name":"x","dependencies":{"y":"*"}}', "{", null],
  "src/y/package.json": ['{"name":"y"}', null],
  "src/x/a.ts": ["1", "2"],
  "lib/b.c": ["1", "2"],
};

const EVENTS: readonly Partial<PipelineEvent>[] = [
  {},
  { ref: "refs/heads/other" },
  { kind: "manual", inputs: { level: "high" } },
  { kind: "manual", inputs: { level: "low" } },
  { kind: "api", inputs: {} },
];

interface Step {
  readonly files: Readonly<Record<string, string | null>>;
  readonly event: Partial<PipelineEvent>;
  readonly jobs: number;
  readonly all: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  files: fc.record(
    Object.fromEntries(Object.entries(VARIANTS).map(([path, some]) => [path, fc.constantFrom(...some)])),
  ),
  event: fc.constantFrom(...EVENTS),
  jobs: fc.constantFrom(1, 1_000),
  all: fc.boolean(),
});

/** Commits one after another; half of the time all of them have one pipeline, as most commits have. */
const history: fc.Arbitrary<readonly Step[]> = fc
  .tuple(fc.array(step, { minLength: 2, maxLength: 8 }), fc.boolean())
  .map(([steps, isKept]) => {
    const [first] = steps;
    if (!isKept || first === undefined) return steps;
    const path = ".delta/pipeline.yaml";
    return steps.map((one) => ({ ...one, files: { ...one.files, [path]: first.files[path] ?? null } }));
  });

function pipeline(rest: string): string {
  return `version: 1\nname: ci\n${rest}`;
}

function inputsOf(steps: readonly Step[]): readonly CompileInput[] {
  let base: CompileInput["base"] = null;
  return steps.map(({ files, event, jobs, all }, index) => {
    const present = Object.entries(files).flatMap(([path, text]) => (text === null ? [] : [[path, text]]));
    const tree = treeOf(Object.fromEntries(present) as Record<string, string>);
    const head = { ...tree, commit: createHash("sha1").update(String(index)).digest("hex") };
    const input = {
      head,
      base,
      changes: changesBetween(base ?? head, head),
      event: testEvent({ ...event, head: head.commit }),
      compilerVersion: "1",
      request: { jobs: [], all },
      limits: { jobs },
    };
    base = head;
    return input;
  });
}

describe("a compiler that compiles one commit after another", () => {
  test("says of each, to the byte, what a compiler that knows nothing says", () => {
    let planned = 0;
    fc.assert(
      fc.property(history, (steps) => {
        const warm = createCompiler();
        // Twice: the second time everything has been met before.
        for (const input of [...inputsOf(steps), ...inputsOf(steps)]) {
          const cold = compile(input);
          expect(warm(input)).toEqual(cold);
          expect(cold.canonical ?? undefined).toBe(serialize(cold.plan ?? undefined));
          if (cold.canonical !== null) planned += 1;
        }
      }),
      { numRuns: 120 },
    );
    expect(planned).toBeGreaterThan(50);
  });
});

describe("what is remembered of planned jobs", () => {
  const jobs =
    "  plain: { steps: [make] }\n  named: { env: { R: '${{ ref.name }}' }, steps: [make] }\n" +
    "  hashed: { env: { H: \"${{ hash_files('a.c') }}\" }, steps: [make] }\n" +
    "  first: { changes: [a.c], steps: [make] }\n  second: { needs: [{ job: first, when: skipped_ok }], steps: [make] }\n";
  const text = pipeline(`jobs:\n${jobs}`);
  const inputAt = (a: string, ref: string): CompileInput => {
    const base = treeOf({ ".delta/pipeline.yaml": text, "a.c": "0" });
    const head = treeOf({ ".delta/pipeline.yaml": text, "a.c": a });
    const request = { jobs: [], all: false };
    const event = testEvent({ ref, head: head.commit });
    return { head, base, changes: changesBetween(base, head), event, compilerVersion: "1", request };
  };
  const same = (compiler: ReturnType<typeof createCompiler>, one: CompileInput, other: CompileInput) => {
    const [before, after] = [compiler(one).plan?.jobs ?? [], compiler(other).plan?.jobs ?? []];
    return after.filter((job) => before.includes(job)).map(({ key }) => key);
  };

  test("a job is the one of the last plan where nothing that it follows from differs", () => {
    const [main, other] = ["refs/heads/main", "refs/heads/other"];
    const warm = createCompiler();
    expect(same(warm, inputAt("1", main), inputAt("2", main))).toEqual(["plain", "named", "first", "second"]);
    expect(same(warm, inputAt("1", main), inputAt("1", other))).toEqual(["plain", "first", "second"]);
    expect(same(warm, inputAt("1", main), inputAt("0", main))).toEqual(["plain", "named"]);
  });

  test("is bounded, and what is forgotten is planned again as it was", () => {
    const main = "refs/heads/main";
    const forgetful = createCompiler(new Preparations(10, new PlannedJobs(1)));
    const inputs = ["1", "2", "0", "1"].map((a) => inputAt(a, main));
    for (const input of inputs) expect(forgetful(input)).toEqual(compile(input));
    expect(same(forgetful, inputAt("1", main), inputAt("2", main)).length).toBeLessThan(2);
  });
});

describe("what is remembered of pipelines", () => {
  const event = testEvent();
  const treeWith = (job: string, other: string) =>
    treeOf({ ".delta/pipeline.yaml": pipeline(`jobs:\n  ${job}: { steps: [make] }\n`), "src/a.c": other });

  test("a commit that leaves the configuration alone is not prepared again", () => {
    const preparations = new Preparations();
    const first = preparations.of({ head: treeWith("a", "1"), event });
    expect(preparations.of({ head: treeWith("a", "2"), event })).toBe(first);
    expect(preparations.of({ head: treeWith("b", "1"), event })).not.toBe(first);
    expect(preparations.of({ head: treeWith("a", "1"), event, limits: { jobs: 1 } })).not.toBe(first);
  });

  test("is bounded: the one that was not asked for the longest goes first", () => {
    const preparations = new Preparations(2);
    const prepared = (job: string) => preparations.of({ head: treeWith(job, ""), event });
    const [a, b] = [prepared("a"), prepared("b")];
    expect(prepared("a")).toBe(a);
    prepared("c");
    expect(prepared("a")).toBe(a);
    expect(prepared("b")).not.toBe(b);
  });
});
