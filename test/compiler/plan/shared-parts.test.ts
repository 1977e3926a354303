import { expect, test } from "vitest";
import type { PlanJob } from "../../../schemas/plan.ts";
import { compiled } from "../support/compiled.ts";

const FILES = {
  "package.json": '{"name":"root","private":true,"workspaces":["p/*"]}',
  "p/a/package.json": '{"name":"a"}',
  "p/b/package.json": '{"name":"b"}',
};

/** The instances of the job `each` for the components `a` and `b`. */
function instances(lines: string): readonly [PlanJob, PlanJob] {
  const pipeline = `version: 1\ndiscover: [npm]\njobs:\n  each:\n    for_each: affected\n    components: [p/*]\n${lines}`;
  const [a, b] = compiled(pipeline, { files: FILES, request: { jobs: [], all: true } }).plan.jobs;
  if (a === undefined || b === undefined) throw new Error("there are not two instances");
  return [a, b];
}

test("what does not speak of an instance is made once for all of them", () => {
  const [a, b] = instances(`
    steps: [make, { run: make test, env: { A: b } }]
    caches: [{ key: fixed, paths: [node_modules] }]
    artifacts: [{ name: dist, path: out }]
`);
  expect(a.steps).toMatchObject([{ run: "make" }, { run: "make test", env: { A: "b" } }]);
  expect(b.steps).toBe(a.steps);
  expect(b.caches).toBe(a.caches);
  expect(b.artifacts).toBe(a.artifacts);
});

test("what speaks of one is its own, beside what does not", () => {
  const [a, b] = instances(`
    steps: [make, { run: own, env: { ID: "\${{ component.id }}" } }, { run: there, if: "component.id == 'b'" }]
    caches: [{ key: "k-\${{ component.id }}", paths: [node_modules] }]
    artifacts: [{ name: fixed, path: out }, { name: "\${{ component.id }}", path: out }]
`);
  expect(a.steps.map(({ run, env }) => [run, env])).toEqual([
    ["make", {}],
    ["own", { ID: "a" }],
  ]);
  expect(b.steps.map(({ run, env }) => [run, env])).toEqual([
    ["make", {}],
    ["own", { ID: "b" }],
    ["there", {}],
  ]);
  expect([a.caches[0]?.key, b.caches[0]?.key]).toEqual(["k-a", "k-b"]);
  expect([a, b].map(({ artifacts }) => artifacts.map(({ name }) => name))).toEqual([
    ["fixed", "a"],
    ["fixed", "b"],
  ]);
});

test("what reads a needed job follows from the instance that it is bound to", () => {
  const { plan } = compiled(
    `version: 1
discover: [npm]
jobs:
  first: { for_each: affected, components: [p/a], steps: [make] }
  each:
    for_each: affected
    components: [p/*]
    needs: [{ job: first, when: done }]
    steps: [{ run: make, env: { HOW: "\${{ needs.first.result }}" } }]
`,
    { files: FILES, request: { jobs: [], all: true } },
  );
  const [a, b] = plan.jobs.filter(({ job }) => job === "each");
  expect([a?.late.length, b?.late.length]).toEqual([1, 0]);
  expect([a?.steps[0]?.env, b?.steps[0]?.env]).toEqual([{}, { HOW: "skipped" }]);
});
