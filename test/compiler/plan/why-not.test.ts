import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile, type CompileInput, findDecisions, whyNot } from "../../../compiler/index.ts";
import { candidatePaths, ownPaths, pathsThatCouldBe } from "../../../compiler/plan/candidate-paths.ts";
import { Preparations } from "../../../compiler/plan/prepare.ts";
import { manyComponents } from "../../support/compiler/many-components.ts";
import { type CaseInput, caseInput } from "../support/case-input.ts";

const FILES = {
  "package.json": '{"private":true,"workspaces":["packages/*"]}',
  "packages/web/package.json": '{"name":"web","dependencies":{"lib":"*"}}',
  "packages/lib/package.json": '{"name":"lib"}',
  "packages/app/package.json": '{"name":"app","dependencies":{"web":"*"}}',
  "packages/lib/index.js": "",
  "packages/web/a.js": "",
  "packages/app/m.js": "",
  "src/main.c": "",
  "src/docs/a.md": "",
  "README.md": "",
  "docs/x.md": "",
};

const ask = (text: string, given: CaseInput = {}, job = "a") =>
  whyNot(caseInput(`version: 1\n${text}`, { files: FILES, ...given }), job)?.wouldRunIf;

/** One job `a` with this condition. */
const job = (condition: string): string => `jobs:\n  a:\n    ${condition}\n    steps: [make]\n`;

describe("the smallest change that would run a job", () => {
  test.each([
    ["changes: [src/**]", "`src/main.c` changed"],
    ["changes: ['**/*.md', '!*.md']", "`docs/x.md` changed"],
    ["changes: [api/**/*.go]", "`api/new/new.go` changed"],
    ["changes: ['*.json']", "`package.json` changed"],
    ["components: [lib]", "`packages/lib/index.js` changed"],
    // A file of the component itself, though one of `lib` comes first and would do.
    ["components: [web]", "`packages/web/a.js` changed"],
    ["for_each: affected\n    components: [web]", "`packages/web/a.js` changed"],
    ["if: changes.total == 2", "`README.md` changed"],
    [
      "rules: [{ changes: [docs/**], run: never }, { components: [web], run: auto }]",
      "`packages/web/a.js` changed",
    ],
  ])("%s", (condition, answer) => {
    expect(ask(job(condition), { changed: ["packages/app/m.js"] })).toEqual([answer]);
  });

  test("is another event where no path would do, and both where neither would alone", () => {
    const on = "on: { push: { branches: [main], tags: ['v*'] }, manual: {} }\n";
    expect(ask(on + job("if: ref.kind == 'tag'"))).toEqual([
      "it were a push of the tag `v1`",
      "it were a push of the tag `v1.0.0`",
    ]);
    expect(ask(on + job("if: event.kind == 'manual'"))).toEqual(["a person started it"]);
    expect(ask(on + job("if: ref.kind == 'tag'\n    changes: [src/**]"), { changed: [] })).toEqual([
      "it were a push of the tag `v1` and `src/main.c` changed",
    ]);
    expect(ask(on + job("if: 1 == 2"))).toEqual([]);
  });

  test("is a path that starts the pipeline too, where a push needs one", () => {
    const on = "on: { push: { paths: [src/**] } }\n";
    expect(ask(on + job("changes: ['**/*.md']"), { changed: ["packages/lib/index.js"] })).toEqual([
      "`src/docs/a.md` changed",
    ]);
  });

  test("passes over a path that the pipeline refuses to have changed", () => {
    const text = `unowned: error\n${job("changes: ['**/*.js', '*.md']")}`;
    expect(ask(text, { changed: [] })).toEqual(["`packages/app/m.js` changed"]);
  });

  test("is found where all files together would be more jobs than a plan may have", () => {
    const input = caseInput(`version: 1\n${job("for_each: affected")}`, {
      files: manyComponents(60),
      changed: [],
    });
    expect(whyNot({ ...input, limits: { jobs: 20 } }, "a[component=c41]")?.wouldRunIf).toEqual([
      "`packages/c41/index.ts` changed",
    ]);
  });

  test("is found with few of the pipeline's jobs judged and little compiled, whatever there is of them", () => {
    const jobs = Array.from(
      { length: 400 },
      (_, index) => `  j${index}: { changes: ['packages/c${index}/**/*.rs'], steps: [make] }\n`,
    );
    const input = caseInput(`version: 1\njobs:\n${jobs.join("")}`, {
      files: manyComponents(400),
      changed: ["docs/a.md"],
    });
    const preparations = new CountedPreparations();
    const { plan } = compile(input, undefined, preparations);
    preparations.asked = 0;
    expect(whyNot(input, "j377", preparations, plan)?.wouldRunIf).toEqual([
      "`packages/c377/new/new.rs` changed",
    ]);
    // For the question, the judgements, the base when the pipeline's own file is judged, and the one compile that proves it.
    expect(preparations.asked).toBe(4);
  });
});

class CountedPreparations extends Preparations {
  asked = 0;

  override of(input: Parameters<Preparations["of"]>[0]): ReturnType<Preparations["of"]> {
    this.asked += 1;
    return super.of(input);
  }
}

const condition = fc.constantFrom(
  "name: always",
  "changes: [src/**]",
  "changes: ['**/*.md', '!src/docs/**']",
  "components: [web]",
  "components: [app, lib]",
  "if: ref.kind == 'tag'",
  "if: changes.total < 3",
  "if: changes.total > 1",
  "changes: [api/**/*.go]",
  "rules: [{ changes: [docs/**], run: never }, { components: [web], run: auto }]",
  "rules: [{ if: event.kind == 'manual', run: auto }, { changes: [docs/**] }]",
  "for_each: affected",
  "components: [web]\n    if: ref.is_default",
);
const need = fc.constantFrom("", "success", "skipped_ok", "done");
const pipeline = fc
  .record({
    on: fc.constantFrom(
      "",
      "on: { push: { paths: ['src/**', 'packages/**'] }, manual: {} }\n",
      "unowned: error\n",
    ),
    jobs: fc.array(fc.tuple(condition, need), { minLength: 1, maxLength: 3 }),
  })
  .map(({ on, jobs }) => {
    const written = jobs.map(([own, when], index) => {
      const needs = when === "" || index === 0 ? "" : `    needs: [{ job: j${index - 1}, when: ${when} }]\n`;
      return `  j${index}:\n    ${own}\n${needs}    steps: [make]\n`;
    });
    return {
      text: `version: 1\n${on}jobs:\n${written.join("")}`,
      jobs: written.map((_, index) => `j${index}`),
    };
  });

test("the path that is named would run the job, and no path would where none is named", () => {
  let named = 0;
  fc.assert(
    fc.property(
      pipeline,
      fc.constantFrom([], ["src/main.c"], ["docs/x.md"], ["packages/lib/index.js"], ["package.json"]),
      fc.constantFrom("refs/heads/main", "refs/tags/v2"),
      ({ text, jobs }, changed, ref) => {
        const input = caseInput(text, { files: FILES, changed, event: { ref } });
        for (const one of jobs) {
          const answer = whyNot(input, one);
          if (answer === null || answer.runs) continue;
          const paths = pathsThatRun(input, one, text);
          const words = answer.wouldRunIf.find((line) => /^`[^`]*` changed$/.test(line));
          const path = words?.slice(1, words.indexOf("`", 1)) ?? null;
          if (path === null) expect(paths, text).toEqual([]);
          else expect(paths, text).toContain(path);
          if (path !== null) named += 1;
        }
      },
    ),
    { numRuns: 60 },
  );
  expect(named).toBeGreaterThan(0);
});

/** Compiles with each path changed, one after another: those with which the job runs for certain. */
function pathsThatRun(input: CompileInput, one: string, text: string): readonly string[] {
  const model = new Preparations().of(input).model;
  const { plan } = compile(input);
  if (model === null || plan === null) throw new Error(`no plan of ${text}`);
  const roots = ["app", "lib", "web"].map((id) => ({
    id,
    root: `packages/${id}`,
    kind: "npm" as const,
    manifest: null,
  }));
  const changed = input.changes.changed ?? [];
  const touched = new Set(changed.map(({ path }) => path));
  const files = [...input.head.entries.keys()].filter((path) => !touched.has(path));
  const candidates = [
    ...candidatePaths(files, ownPaths(model, one, roots)).flat(),
    ...pathsThatCouldBe(model),
  ];
  const runsWith = (path: string): boolean => {
    const more = [...changed, { status: "M" as const, path }];
    const tried = compile({ ...input, changes: { ...input.changes, changed: more } }).plan;
    const found = tried === null ? [] : findDecisions(tried, one);
    return found.some(({ outcome, uncertain }) => outcome === "selected" && uncertain.length === 0);
  };
  return candidates.filter((path) => !touched.has(path) && runsWith(path));
}
