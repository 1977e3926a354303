import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { absentInstance, compile, whyNot } from "../../../compiler/index.ts";
import { renderExplain, renderPlan, renderPlanDiff, renderWhyNot } from "../../../compiler/render/index.ts";
import { manyComponents } from "../../support/compiler/many-components.ts";
import { caseInput } from "../support/case-input.ts";

const PIPELINE = `version: 1
name: shop
jobs:
  lint: { changes: ["**/*.ts"], steps: [npm run lint] }
  test:
    for_each: affected
    steps: ["npm test -w $DELTA_COMPONENT_ID"]
  build:
    for_each: affected
    components: ["apps/*"]
    needs: [test]
    steps: ["npm run build -w $DELTA_COMPONENT_ID"]
  docs: { changes: ["docs/**"], steps: [npm run docs] }
  deploy: { needs: [build], if: ref.is_default, steps: [./deploy] }
`;

const input = (changed: string) => caseInput(PIPELINE, { files: manyComponents(500), changed: [changed] });
const plain = { colour: false };

function planOf(changed: string) {
  const { plan } = compile(input(changed));
  if (plan === null) throw new Error("no plan");
  return plan;
}

test("a change of a leaf is told in as many lines as there are jobs", () => {
  expect(renderPlan(planOf("packages/c487/index.ts"), { digest: "DIGEST", ...plain })).toMatchSnapshot();
});

test("a change that much depends on is told by the first instances of each job, and how many more there are", () => {
  const text = renderPlan(planOf("packages/c5/index.ts"), { digest: "DIGEST", ...plain });
  expect(text).toMatchSnapshot();
  expect(text.split("\n").filter((line) => line.length > 160)).toEqual([]);
});

test("every job is told when that is asked for", () => {
  const plan = planOf("packages/c5/index.ts");
  const text = renderPlan(plan, { digest: "DIGEST", ...plain, full: true });
  const told = text.split("\n").filter((line) => /^ {2}(run|skip|block) /.test(line));
  expect(told).toHaveLength(plan.decisions.length);
  expect(text).not.toContain("…");
});

test("of many jobs that do not run some are told, and how many more there are", () => {
  const jobs = Array.from(
    { length: 500 },
    (_, index) => `  j${index}: { changes: [src/${index}/**], steps: [make] }\n`,
  );
  const { plan } = compile(caseInput(`version: 1\njobs:\n${jobs.join("")}`, { changed: ["src/7/a.c"] }));
  if (plan === null) throw new Error("no plan");
  const lines = renderPlan(plan, { digest: "DIGEST", ...plain }).split("\n");
  expect(lines.slice(3, 5)).toEqual([
    "  run    j7   `src/7/a.c` matches `src/7/**`",
    "  skip   j0   no changed path matches `src/0/**`",
  ]);
  expect(lines.slice(23)).toEqual([
    "  skip   j20  no changed path matches `src/20/**`",
    "  skip   … 479 more jobs",
    "  --full lists every job",
    "",
    "1 job runs, 499 are skipped. Plan DIGEST",
    "",
  ]);
});

test("docs/cli.md shows such a plan as it is printed", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/cli.md"), "utf8");
  const printed = renderPlan(planOf("packages/c5/index.ts"), { digest: "DIGEST", ...plain });
  expect(page).toContain(`$ delta plan\n${printed.slice(0, printed.indexOf(" Plan DIGEST"))}`);
});

test("a job with many instances is explained by the first of them", () => {
  const text = renderExplain(planOf("packages/c5/index.ts"), "test", plain) ?? "";
  expect(text.split("\n\n").at(-1)).toBe(
    "256 more instances; one of them: delta explain 'test[component=c250]'\n",
  );
  expect(text.split("\n\n").at(4)).toMatchSnapshot();
});

test("a job that waits for many instances names a few, and how many more there are", () => {
  expect(renderExplain(planOf("packages/c5/index.ts"), "deploy", plain)).toMatchSnapshot();
});

test("of many paths that match some are told: the sentence has counted them", () => {
  const changed = Array.from({ length: 9 }, (_, index) => `src/${index}.c`);
  const { plan } = compile(
    caseInput("version: 1\njobs:\n  a: { changes: [src/**], steps: [make] }\n", { changed }),
  );
  if (plan === null) throw new Error("no plan");
  expect(renderExplain(plan, "a", plain)?.split("\n").slice(0, 8)).toEqual([
    "a runs: `src/0.c` matches `src/**`, and so do 8 other changed paths",
    "  decided by  changes, .delta/pipeline.yaml:3:18",
    ...[0, 1, 2, 3, 4].map(
      (index) => `  path        src/${index}.c matches src/**, .delta/pipeline.yaml:3:18`,
    ),
    "              and others",
  ]);
});

test("what would run a job, were the plan not refused, is named with the reason", () => {
  const given = { ...input("packages/c487/index.ts"), limits: { jobs: 100 } };
  const answer = whyNot(given, "docs");
  if (answer === null) throw new Error("no answer");
  expect(renderWhyNot(answer, plain)).toMatchSnapshot();
});

test("a job whose many instances run already is told by the first of them", () => {
  const answer = whyNot(input("packages/c5/index.ts"), "test");
  if (answer === null) throw new Error("no answer");
  const lines = renderWhyNot(answer, plain).split("\n");
  expect(lines).toHaveLength(7);
  expect(lines.at(-2)).toBe("and so with 256 more instances");
});

test("an instance that is not there is explained, and so is what would run it", () => {
  const given = input("packages/c487/index.ts");
  const plan = planOf("packages/c487/index.ts");
  const decision = absentInstance(given, plan, "test[component=c3]")?.decision;
  if (decision === null || decision === undefined) throw new Error("no decision");
  expect(renderExplain({ ...plan, decisions: [decision] }, "test[component=c3]", plain)).toMatchSnapshot();
  const answer = whyNot(given, "test[component=c3]");
  if (answer === null) throw new Error("no answer");
  expect(renderWhyNot(answer, plain)).toMatchSnapshot();
});

test("of many instances that a pipeline gains, the first ones speak for the others unless all are asked for", () => {
  const keys = Array.from({ length: 30 }, (_, index) => `test[component=c${index}]`);
  const changed = [{ key: "lint", decision: null, fields: ["steps"] }];
  const diff = { version: 1, gained: [...keys, "docs"], lost: keys.slice(0, 12), changed } as const;
  const lines = renderPlanDiff(diff, { colour: false, full: false }).split("\n");
  expect(lines.slice(4, 8)).toEqual([
    "+ test[component=c4]",
    "+ … 25 more instances of `test`",
    "+ docs",
    "- test[component=c0]",
  ]);
  expect(lines.slice(-3)).toEqual(["~ lint  differs in steps", "--full lists every job", ""]);
  const all = renderPlanDiff(diff, { colour: false });
  expect(all.match(/^[+-] test\[/gm)).toHaveLength(42);
  expect(all).not.toContain("--full");
});

test("reasons keep to the terminal below their own beginning, and have all their words", () => {
  const plan = planOf("packages/c5/index.ts");
  const text = (columns: number | null): string => renderPlan(plan, { digest: "D", colour: false, columns });
  const jobs = (whole: string): string => whole.slice(whole.indexOf("\n\n"), whole.lastIndexOf("\n\n"));
  const narrow = jobs(text(80));
  expect(
    Math.max(
      ...jobs(text(null))
        .split("\n")
        .map(({ length }) => length),
    ),
  ).toBeGreaterThan(80);
  expect(Math.max(...narrow.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
  expect(narrow.replaceAll(/\n {20,}/g, " ")).toBe(jobs(text(null)));
});
