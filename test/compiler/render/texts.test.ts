import { describe, expect, test } from "vitest";
import { whyNot } from "../../../compiler/index.ts";
import {
  planDiff,
  renderExplain,
  renderPlan,
  renderPlanDiff,
  renderWhyNot,
} from "../../../compiler/render/index.ts";
import { type CaseInput, caseInput } from "../support/case-input.ts";
import { compiled } from "../support/compiled.ts";

const PIPELINE = `version: 1
name: shop
on:
  push:
    branches: [main, release/**]
jobs:
  build:
    changes: [src/**, "!src/docs/**"]
    steps: [make]
  web:
    components: [web]
    needs: [build]
    steps: [make web]
  sign:
    if: ref.kind == 'tag' && vars.level > 1
    steps: [make sign]
  publish:
    needs: [{ job: sign, when: success }]
    required: false
    steps: [make publish]
vars: { level: 2 }
`;
const files = {
  "package.json": '{"private":true,"workspaces":["packages/*"]}',
  "packages/web/package.json": '{\n  "name": "web",\n  "dependencies": {\n    "lib": "*"\n  }\n}\n',
  "packages/lib/package.json": '{"name":"lib"}',
  "packages/lib/index.js": "",
  "packages/web/a.js": "",
  "src/main.c": "",
  "src/docs/a.md": "",
};

const plain = { colour: false };
const explain = (job: string, given: CaseInput): string | null =>
  renderExplain(compiled(PIPELINE, { files, ...given }).plan, job, plain);

describe("explain", () => {
  test("names the path, its glob and where the glob stands", () => {
    expect(explain("build", { changed: ["src/docs/a.md", "src/main.c"] })).toBe(
      [
        "build runs: `src/main.c` matches `src/**`",
        "  decided by  changes, .delta/pipeline.yaml:8:15",
        "  path        src/main.c matches src/**, .delta/pipeline.yaml:8:15",
        "  required    yes",
        "",
      ].join("\n"),
    );
  });

  test("follows the dependency to the manifest line that makes it", () => {
    expect(explain("web", { changed: ["packages/lib/index.js"] })).toBe(
      [
        "web runs: `web` depends on `lib`, where `packages/lib/index.js` changed",
        "  decided by  components, .delta/pipeline.yaml:11:18",
        "  depends on  packages/web → packages/lib (runtime, packages/web/package.json:4:5)",
        "  after       build (success)",
        "  required    yes",
        "",
      ].join("\n"),
    );
  });

  test("shows the expression and every value it read", () => {
    expect(explain("sign", {})).toBe(
      [
        "sign does not run: `ref.kind == 'tag' && vars.level > 1` is false (`ref.kind` is `branch`)",
        "  decided by  if, .delta/pipeline.yaml:15:9",
        "  if          ref.kind == 'tag' && vars.level > 1",
        '  read        ref.kind = "branch"',
        "  required    yes",
        "",
      ].join("\n"),
    );
  });

  test("says what blocks, and where the need is written", () => {
    expect(explain("publish", {})).toContain(
      "publish is blocked: it needs `sign`, which does not run: `ref.kind == 'tag' && vars.level > 1` is false",
    );
    expect(explain("publish", {})).toContain("decided by  needs, .delta/pipeline.yaml:18:20");
  });

  test("names the doubt that widened", () => {
    const uncertain = [{ code: "base_missing" as const, detail: "no such commit", paths: [], added: ["*"] }];
    expect(explain("build", { changed: null, uncertain })).toContain(
      "  doubt       base_missing: no such commit",
    );
  });

  test("takes an id for all cells of a matrix, a key for one, and nothing else", () => {
    const matrix = "version: 1\njobs:\n  t:\n    matrix: { axes: { n: [1, 2] } }\n    steps: [make]\n";
    const { plan } = compiled(matrix);
    expect(renderExplain(plan, "t", plain)?.match(/ runs: /g)).toHaveLength(2);
    expect(renderExplain(plan, "t[n=2]", plain)?.match(/ runs: /g)).toHaveLength(1);
    expect(renderExplain(plan, "u", plain)).toBeNull();
  });
});

describe("why not", () => {
  const ask = (job: string, given: CaseInput, pipeline = PIPELINE): string => {
    const answer = whyNot(caseInput(pipeline, { files, ...given }), job);
    return answer === null ? "" : renderWhyNot(answer, plain);
  };

  test("names one file whose change runs the job", () => {
    expect(ask("build", { changed: ["packages/lib/index.js"] }, PIPELINE.replace("needs: [build]", ""))).toBe(
      [
        "build does not run: no changed path matches `src/**` without `src/docs/**` (.delta/pipeline.yaml:8:5)",
        "  it would run if `src/main.c` changed",
        "  by name it runs always: delta run build",
        "",
      ].join("\n"),
    );
  });

  test("says what alone changed, where a list takes everything but that", () => {
    const pipeline = PIPELINE.replace(/changes: \[.*\]/, 'changes: ["**", "!docs/**", "!**/*.md"]');
    expect(ask("build", { changed: ["docs/a.md"] }, pipeline.replace("needs: [build]", ""))).toContain(
      "build does not run: nothing changed but `docs/**` or `**/*.md` (",
    );
  });

  test("names a file of the component, and no lockfile or manifest while there is another", () => {
    expect(ask("web", {})).toContain("it would run if `packages/web/a.js` changed");
  });

  test("names the event, and both where one is not enough", () => {
    const pipeline = PIPELINE.replace("branches: [main, release/**]", "branches: [main]\n    tags: ['v*']");
    expect(ask("sign", {}, pipeline)).toContain("it would run if it were a push of the tag `v1`");
    expect(ask("publish", {}, pipeline)).toContain("it would run if it were a push of the tag `v1`");
    const both = pipeline.replace("components: [web]", "components: [web]\n    if: ref.kind == 'tag'");
    expect(ask("web", { changed: [] }, both)).toContain(
      "it would run if it were a push of the tag `v1` and `packages/web/a.js` changed",
    );
  });

  test("asks a branch that the pipeline starts for", () => {
    expect(ask("build", { event: { ref: "refs/heads/topic" }, changed: ["src/main.c"] })).toContain(
      "it would run if it were a push to the branch `main`",
    );
  });

  test("invents a path for a glob that no file fits", () => {
    const pipeline = "version: 1\njobs:\n  a:\n    changes: [api/**/*.go]\n    steps: [make]\n";
    expect(ask("a", {}, pipeline)).toContain("it would run if `api/new/new.go` changed");
  });

  test("admits that nothing helps", () => {
    const pipeline = "version: 1\njobs:\n  a:\n    if: 1 == 2\n    steps: [make]\n";
    expect(ask("a", {}, pipeline)).toContain(
      "nothing tried would run it: 8 other paths and 5 other events, alone or together",
    );
  });

  test("says that a job runs already, and is silent about one there is not", () => {
    expect(ask("build", { changed: ["src/main.c"] })).toBe(
      "build runs: `src/main.c` matches `src/**` (.delta/pipeline.yaml:8:15)\n",
    );
    expect(ask("nothing", {})).toBe("");
  });
});

describe("the difference of two plans", () => {
  const before = compiled(PIPELINE, { files, changed: ["src/main.c"] }).plan;

  test("is nothing for the same definition in other places", () => {
    const moved = compiled(`# moved\n${PIPELINE}`, { files, changed: ["src/main.c"] }).plan;
    expect(renderPlanDiff(planDiff(before, moved), plain)).toBe("");
  });

  test("names jobs gained, lost, decided otherwise and run otherwise", () => {
    const changed = PIPELINE.replace("steps: [make]", "timeout: 5m\n    steps: [make all]")
      .replace("ref.kind == 'tag'", "ref.kind == 'branch'")
      .replaceAll("web:", "site:");
    const after = compiled(changed, { files, changed: ["src/main.c"] }).plan;
    expect(renderPlanDiff(planDiff(before, after), plain)).toBe(
      [
        "+ site",
        "- web",
        "~ build  differs in steps, timeout_ms",
        "~ sign  skipped → selected: `ref.kind == 'branch' && vars.level > 1` is true",
        "~ publish  blocked → selected: it has no condition",
        "",
      ].join("\n"),
    );
  });
});

test("colour marks the outcome and leaves the words alone", () => {
  const { plan } = compiled(PIPELINE, { files, changed: ["src/main.c"] });
  const coloured = renderPlan(plan, { digest: "D", colour: true });
  expect(coloured).toContain("\u001b[32mrun  \u001b[39m");
  // oxlint-disable-next-line no-control-regex -- colours are what is taken out
  expect(coloured.replace(/\u001b\[\d+m/g, "")).toBe(renderPlan(plan, { digest: "D", colour: false }));
});
