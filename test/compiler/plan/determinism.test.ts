import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile } from "../../../compiler/index.ts";
import type { CompileInput, TreeSnapshot } from "../../../compiler/input.ts";
import { caseInput } from "../support/case-input.ts";
import { compiled } from "../support/compiled.ts";

const PIPELINE = `
version: 1
name: demo
vars: { level: 2 }
env: { A: "1", B: "2" }
jobs:
  build:
    changes: [src/**]
    steps: [make]
  test:
    matrix: { axes: { node: [22, 24], os: [linux, darwin] } }
    components: [web, lib]
    needs: [build]
    env: { HASH: "\${{ hash_files('src/**') }}" }
    steps: [{ run: "make test", env: { LEVEL: "\${{ vars.level }}" } }]
  docs:
    changes: [docs/**, "!docs/private/**"]
    steps: [make docs]
`;
const files = {
  "package.json": '{"private":true,"workspaces":["packages/*"]}',
  "packages/web/package.json": '{"name":"web","dependencies":{"lib":"*"}}',
  "packages/lib/package.json": '{"name":"lib"}',
  "src/a.c": "int a;",
  "src/b.c": "int b;",
  "docs/a.md": "",
};
const changed = ["src/a.c", "packages/lib/package.json", "docs/a.md", "src/\udcff"];

function shuffled(tree: TreeSnapshot, order: readonly number[]): TreeSnapshot {
  const reorder = <Value>(map: ReadonlyMap<string, Value>) =>
    new Map(
      [...map]
        .map((entry, index) => [order[index % order.length] ?? 0, entry] as const)
        .sort(([left], [right]) => left - right)
        .map(([, entry]) => entry),
    );
  return { ...tree, entries: reorder(tree.entries), contents: reorder(tree.contents) };
}

describe("the same input gives the same plan, to the byte", () => {
  test("whatever order trees and changes were read in", () => {
    const input = caseInput(PIPELINE, { files, changed });
    const { canonical, diagnostics } = compile(input);
    expect(canonical, JSON.stringify(diagnostics)).not.toBeNull();
    const order = fc.array(fc.nat(100), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(
        order,
        fc.shuffledSubarray(input.changes.changed?.slice() ?? [], { minLength: 4 }),
        (order, changed) => {
          const other: CompileInput = {
            ...input,
            head: shuffled(input.head, order),
            base: input.base && shuffled(input.base, order.toReversed()),
            changes: { ...input.changes, changed },
          };
          expect(compile(other).canonical).toBe(canonical);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("its digest is the hash of its canonical text, which reads back as the plan", () => {
    const { plan, digest, canonical } = compiled(PIPELINE, { files, changed });
    expect(digest).toBe(`sha256:${createHash("sha256").update(canonical).digest("hex")}`);
    expect(JSON.parse(canonical)).toEqual(plan);
    expect(canonical).toContain('"path":"src/\\\\xff"');
  });

  test("another event, compiler or definition gives another digest", () => {
    const digests = [
      compiled(PIPELINE, { files, changed }),
      compiled(PIPELINE, { files, changed: changed.slice(1) }),
      compiled(PIPELINE, { files, changed, event: { forced: true } }),
      compiled(PIPELINE.replace("make docs", "make doc"), { files, changed }),
    ].map(({ digest }) => digest);
    expect(new Set(digests).size).toBe(4);
    const newer = compile({ ...caseInput(PIPELINE, { files, changed }), compilerVersion: "0.0.1" });
    expect(digests).not.toContain(newer.digest);
  });
});

test("every job comes after what it needs, and only what runs is needed", () => {
  const { plan } = compiled(PIPELINE, { files, changed });
  const seen = new Set<string>();
  for (const job of plan.jobs) {
    for (const need of job.needs) expect(seen, `${job.key} after ${need.job}`).toContain(need.job);
    seen.add(job.key);
  }
  expect(plan.decisions.filter(({ outcome }) => outcome === "selected").map(({ key }) => key)).toEqual(
    expect.arrayContaining([...seen]),
  );
});

test("nothing in a plan is undefined, and absent things are null", () => {
  const walk = (value: unknown): void => {
    expect(value).not.toBeUndefined();
    if (typeof value === "object" && value !== null) Object.values(value).forEach(walk);
  };
  walk(compiled(PIPELINE, { files, changed }).plan);
});
