import { Ajv } from "ajv";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import schema from "../../../schemas/pipeline.schema.json" with { type: "json" };
import { loadText, pushToMain } from "./load-text.ts";

const jobs = (...lines: readonly string[]) =>
  `version: 1\njobs:\n${lines.map((line) => `  ${line}\n`).join("")}`;

describe("hostile pipelines", () => {
  test("at most 200 findings are kept", () => {
    expect(
      loadText(jobs(...Array.from({ length: 1_000 }, (_, index) => `j${index}: 1`))).diagnostics,
    ).toHaveLength(200);
  });

  test("an error behind more advice than is kept refuses the pipeline all the same", () => {
    const advised = Array.from(
      { length: 250 },
      (_, index) => `j${index}: { steps: [a], matrix: { axes: { n: [1] }, exclude: [{ n: 2 }] } }`,
    );
    const { model, diagnostics } = loadText(jobs(...advised, "last: { steps: [a], needs: nobody }"));
    expect(new Set(diagnostics.map(({ severity }) => severity))).toEqual(new Set(["warning"]));
    expect(model).toBeNull();
  });

  test("a pipeline that is refused is told the same way however often others were before", () => {
    const misspelt = Array.from(
      { length: 190 },
      (_, index) => `j${index}: { steps: [a], if: "start_with('a', 'b')" }`,
    );
    const tell = () => loadText(jobs(...misspelt)).diagnostics.map(({ message }) => message);
    const first = tell();
    expect(first.at(-1)).toContain("did you mean `starts_with`?");
    for (let turn = 0; turn < 30; turn += 1) expect(tell()).toEqual(first);
  });

  test("no key of a pipeline reaches a prototype", () => {
    loadText(
      "version: 1\n__proto__: { polluted: 1 }\nvars: { __proto__: 1 }\nenv: { __proto__: a }\njobs: { __proto__: { steps: [a], env: { constructor: a } } }",
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("for any document", () => {
  const key = fc.constantFrom(
    "version",
    "name",
    "on",
    "vars",
    "env",
    "defaults",
    "templates",
    "include",
    "inputs",
    "components",
    "jobs",
    "finally",
    "rules",
    "policies",
    "test",
    "build",
    "steps",
    "+steps",
    "run",
    "needs",
    "job",
    "when",
    "if",
    "changes",
    "matrix",
    "axes",
    "exclude",
    "parallel",
    "extends",
    "image",
    "timeout",
    "retry",
    "resources",
    "memory",
    "runner",
    "push",
    "schedule",
    "cron",
    "__proto__",
    "local",
    "root",
  );
  const scalar = fc.constantFrom<unknown>(
    1,
    0,
    -1,
    3.5,
    true,
    null,
    "",
    "test",
    "build",
    "npm test",
    "10m",
    "1GiB",
    "ref.is_default",
    "${{ ref.name }}",
    "${{ vars.x ?? 1 }}",
    "${{",
    "src/**",
    "../x",
    ".delta/pipeline.yaml",
    "* * * * *",
  );
  const { document } = fc.letrec<{ document: unknown }>((tie) => ({
    document: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      scalar,
      fc.array(tie("document"), { maxLength: 4 }),
      fc
        .array(fc.tuple(key, tie("document")), { maxLength: 6 })
        .map((entries) => Object.fromEntries(entries)),
    ),
  }));
  const pipeline = fc.tuple(document, document, document).map(([job, other, top]) => ({
    version: 1,
    ...(typeof top === "object" ? top : {}),
    jobs: { test: job, build: { steps: ["a"] }, other },
  }));

  test("loading returns a model or an error, and never throws", () => {
    fc.assert(
      fc.property(pipeline, fc.constantFrom("push", "manual", "schedule"), (value, kind) => {
        const { model, diagnostics } = loadText(JSON.stringify(value), {
          ...pushToMain,
          kind: kind as "push",
        });
        expect(model !== null).toBe(!diagnostics.some(({ severity }) => severity === "error"));
      }),
      { numRuns: 1_500 },
    );
  });
});

test("the published schema is valid draft-07 in ajv's strict mode", () => {
  const ajv = new Ajv({ strict: true, allowUnionTypes: true, strictTypes: false });
  expect(ajv.validateSchema(schema)).toBe(true);
  expect(() => ajv.compile(schema)).not.toThrow();
});
