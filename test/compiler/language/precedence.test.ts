import { expect, test } from "vitest";
import type { PipelineEvent } from "../../../schemas/event.ts";
import { compiled } from "../support/compiled.ts";

/** Every place that can say a value, the nearest last: each row adds one, and it wins over those above it. */
const PLACES = [
  ["the environment of an included file", { included: "V: included" }, "included"],
  ["the top level", { top: "V: top" }, "top"],
  ["defaults", { defaults: "V: defaults" }, "defaults"],
  ["a template", { outer: "V: outer" }, "outer"],
  ["a template that extends it", { inner: "V: inner" }, "inner"],
  ["the job", { job: "V: job" }, "job"],
  ["the rule that decides", { rule: "V: rule" }, "rule"],
  ["the step", { step: "V: step" }, "step"],
] as const;

function pipeline(env: Readonly<Record<string, string>>): string {
  const of = (place: string): string =>
    `env: { OTHER: x${env[place] === undefined ? "" : `, ${env[place]}`} }`;
  return `version: 1
include: [.delta/included.yaml]
${of("top")}
defaults: { ${of("defaults")} }
templates:
  outer: { ${of("outer")} }
  inner: { extends: outer, ${of("inner")} }
jobs:
  a:
    extends: inner
    ${of("job")}
    rules: [{ if: ref.is_default, set: { ${of("rule")} } }]
    steps: [{ run: a, ${of("step")} }]
`;
}

test.each(PLACES)("a variable that %s sets wins over all places before it", (place) => {
  const upTo = PLACES.slice(0, PLACES.findIndex(([name]) => name === place) + 1);
  const env: Record<string, string> = Object.assign({}, ...upTo.map(([, written]) => written));
  const included = `version: 1\nenv: { ${env.included ?? "OTHER: x"} }\n`;
  const { plan } = compiled(pipeline(env), { files: { ".delta/included.yaml": included } });
  const [job] = plan.jobs;
  expect(job?.steps[0]?.env.V ?? job?.env.V).toBe(upTo.at(-1)?.[2]);
});

test.each([
  ["its default", "push", {}, "one"],
  ["the default for people, when a person starts it", "manual", {}, "two"],
  ["what the event gives, over both", "manual", { v: "three" }, "three"],
  ["what the API gives", "api", { v: "four" }, "four"],
] as const)("an input has %s", (_, kind, inputs, value) => {
  const event: Partial<PipelineEvent> = { kind, inputs };
  const { plan } = compiled(
    `version: 1
inputs: { v: { default: one } }
on: { push: {}, api: {}, manual: { inputs: { v: { default: two } } } }
jobs: { a: { env: { V: "\${{ inputs.v }}" }, steps: [a] } }
`,
    { event },
  );
  expect(plan.jobs[0]?.env.V).toBe(value);
});

test.each([
  ["an included file", "", "", "included"],
  ["the pipeline, over it", "vars: { v: own }", "", "own"],
  ["the pipeline's rule that decides, over both", "vars: { v: own }", "set: { vars: { v: rule } }", "rule"],
] as const)("a value of `vars` is that of %s", (_, vars, set, value) => {
  const { plan } = compiled(
    `version: 1
include: [.delta/included.yaml]
${vars}
rules: [{ ${["if: ref.is_default", set].filter(Boolean).join(", ")} }]
jobs: { a: { env: { V: "\${{ vars.v }}" }, steps: [a] } }
`,
    { files: { ".delta/included.yaml": "version: 1\nvars: { v: included }\n" } },
  );
  expect(plan.jobs[0]?.env.V).toBe(value);
});
