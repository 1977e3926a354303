import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compile } from "../../compiler/index.ts";
import { caseInput } from "../compiler/support/case-input.ts";

const ROOT = join(import.meta.dirname, "../..");

test("this project's own pipeline runs every check that its CI runs", () => {
  const checks = [...readFileSync(join(ROOT, ".ci/run"), "utf8").matchAll(/^check \S+ (npm .*)$/gm)];
  const text = readFileSync(join(ROOT, ".delta/pipeline.yaml"), "utf8");
  const input = caseInput(text, {});
  const { plan, diagnostics } = compile({ ...input, request: { jobs: [], all: true } });
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  const runs = plan?.jobs.flatMap(({ steps }) => steps.map(({ run }) => run));
  expect(checks.length).toBeGreaterThan(5);
  for (const [, command] of checks) expect(runs).toContain(command?.replace(" --silent", ""));
});
