import { expect, test } from "vitest";
import { absentInstance, compile, whyNot } from "../../../compiler/index.ts";
import { renderExplain, renderPlan, renderWhyNot } from "../../../compiler/render/index.ts";
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

test("a change that much depends on names the way of each instance in one short clause", () => {
  const lines = renderPlan(planOf("packages/c5/index.ts"), { digest: "DIGEST", ...plain }).split("\n");
  expect(lines.slice(0, 14).join("\n")).toMatchSnapshot();
  expect(lines.filter((line) => line.length > 160)).toEqual([]);
});

test("a job with many instances is explained by the first of them", () => {
  const text = renderExplain(planOf("packages/c5/index.ts"), "test", plain) ?? "";
  expect(text.split("\n\n").at(-1)).toBe(
    "251 more instances; one of them: delta explain 'test[component=c320]'\n",
  );
  expect(text.split("\n\n").at(4)).toMatchSnapshot();
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
