import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CaseInput } from "../support/case-input.ts";
import { compiled, running } from "../support/compiled.ts";

const FOLDERS = ["a", "b", "c"];
const files: Record<string, string> = {
  "package.json": '{"private":true,"workspaces":["a","b","c"]}',
  "a/package.json": '{"name":"a","dependencies":{"b":"*"}}',
  "b/package.json": '{"name":"b","dependencies":{"c":"*"}}',
  "c/package.json": '{"name":"c"}',
};
for (const folder of FOLDERS)
  for (const name of ["x.ts", "y.md", "sub/z.ts"]) files[`${folder}/${name}`] = "";

const glob = fc.constantFrom("a/**", "b/*.md", "**/*.ts", "c/sub/**", "*/x.ts");
const exclusion = fc.constantFrom("!**/*.md", "!a/**", "!c/sub/**");
const condition = fc.oneof(
  fc.constant(""),
  fc
    .tuple(fc.array(glob, { minLength: 1, maxLength: 2 }), fc.array(exclusion, { maxLength: 1 }))
    .map(([globs, less]) => `    changes: ${JSON.stringify([...globs, ...less])}\n`),
  fc.constantFrom(...FOLDERS).map((id) => `    components: [${id}]\n`),
  fc
    .tuple(fc.constantFrom(...FOLDERS), glob)
    .map(([id, text]) => `    components: [${id}]\n    changes: ["${text}"]\n`),
  fc
    .constantFrom("", "    components: [a, b]\n", '    components: ["*", "!b"]\n')
    .map((filter) => `    for_each: affected\n${filter}`),
);
const job = fc.record({
  condition,
  needs: fc.array(fc.record({ to: fc.nat(), when: fc.constantFrom("success", "done", "skipped_ok") }), {
    maxLength: 2,
  }),
});
const pipeline = fc.array(job, { minLength: 1, maxLength: 6 }).map((jobs) => {
  const text = jobs.map(({ condition, needs }, index) => {
    const edges = new Map(
      needs.filter(() => index > 0).map(({ to, when }) => [to % Math.max(1, index), when]),
    );
    const written = Array.from(edges, ([to, when]) => `{ job: j${to}, when: ${when} }`).join(", ");
    return `  j${index}:\n${condition}    needs: [${written}]\n    steps: [make]\n`;
  });
  return `version: 1\njobs:\n${text.join("")}`;
});
const paths = fc.uniqueArray(fc.constantFrom(...Object.keys(files)), { maxLength: 5 });

describe("what is not known never takes a job away", () => {
  test("without a base every job runs that runs with one", () => {
    fc.assert(
      fc.property(pipeline, paths, (pipeline, changed) => {
        const known = running(pipeline, { files, changed });
        expect(running(pipeline, { files, changed: null })).toEqual(expect.arrayContaining([...known]));
      }),
      { numRuns: 150 },
    );
  });

  test("one more changed path takes no job away", () => {
    fc.assert(
      fc.property(pipeline, paths, fc.constantFrom(...Object.keys(files)), (pipeline, changed, more) => {
        const before = running(pipeline, { files, changed });
        const after = running(pipeline, { files, changed: [...new Set([...changed, more])] });
        expect(after).toEqual(expect.arrayContaining([...before]));
      }),
      { numRuns: 150 },
    );
  });

  test("no job is blocked when conditions speak of changes alone", () => {
    fc.assert(
      fc.property(pipeline, paths, (pipeline, changed) => {
        const { plan } = compiled(pipeline, { files, changed });
        expect(plan.decisions.filter(({ outcome }) => outcome === "blocked")).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test("a truncated list of changes counts as no list", () => {
    const text = "version: 1\njobs:\n  a:\n    changes: [a/**]\n    steps: [make]\n";
    const given: CaseInput = {
      files,
      changed: ["b/x.ts"],
      uncertain: [
        { code: "changes_truncated", detail: "more than 300,000 paths changed", paths: [], added: ["*"] },
      ],
    };
    expect(compiled(text, given).plan.decisions[0]).toMatchObject({
      outcome: "selected",
      clause: "doubt",
      uncertain: ["changes_truncated"],
    });
  });
});

test("a component that only a doubt affects runs by doubt, with the code", () => {
  const broken = { ...files, "b/package.json": "{" };
  const text = "version: 1\njobs:\n  a:\n    components: [a]\n    steps: [make]\n";
  const { plan } = compiled(text, { files: broken, changed: ["c/x.ts"] });
  expect(plan.decisions[0]).toMatchObject({
    outcome: "selected",
    clause: "doubt",
    uncertain: ["manifest_unreadable"],
  });
  expect(plan.uncertain.map(({ code }) => code)).toContain("manifest_unreadable");
});

test("a condition on a component that a broken manifest hides is a doubt and no error", () => {
  const broken = { ...files, "b/package.json": "{" };
  const text = "version: 1\njobs:\n  b:\n    components: [renamed]\n    steps: [make]\n";
  expect(compiled(text, { files: broken, changed: ["c/x.ts"] }).plan.decisions[0]).toMatchObject({
    outcome: "selected",
    clause: "doubt",
  });
});

test("crafted globs and paths end in a doubt instead of a stall", () => {
  const hostile = Array.from({ length: 50 }, (_, index) => `"*?${"a".repeat(200)}${index}*"`).join(", ");
  const text = `version: 1\njobs:\n  a:\n    changes: [${hostile}]\n    steps: [make]\n`;
  const changed = Array.from({ length: 20 }, (_, index) => `${"a".repeat(4_000)}${index}`);
  expect(compiled(text, { changed }).plan.decisions[0]).toMatchObject({
    outcome: "selected",
    clause: "doubt",
    uncertain: ["changes_truncated"],
  });
});
