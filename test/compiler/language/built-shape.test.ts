import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ValidateFunction } from "ajv";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";
import { DIAGNOSTICS_MAX } from "../../../compiler/diagnostics/report.ts";
import { SHAPE_FAULTS_MAX, shapeValidator } from "../../../compiler/language/shape-validator.ts";
import { builtShapeValidator } from "../../../rolldown.shape-validator.ts";
import { HOSTILE_PIPELINES } from "../../support/hostile/pipelines.ts";

const CASES = join(import.meta.dirname, "cases");
const folder = mkdtempSync(join(tmpdir(), "delta-built-shape-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The module of the build, with its imports by address as it lies outside of the repository. */
async function built(): Promise<ValidateFunction> {
  const { resolve } = createRequire(import.meta.url);
  const code = builtShapeValidator().replace(/from "(ajv\/[^"]+)"/g, (_, path: string) => {
    return `from ${JSON.stringify(pathToFileURL(resolve(path)).href)}`;
  });
  const path = join(folder, "shape-validator.mjs");
  writeFileSync(path, code);
  const made = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as {
    shapeValidator: () => ValidateFunction;
  };
  return made.shapeValidator();
}

function documents(): readonly (readonly [name: string, document: unknown])[] {
  const golden = readdirSync(CASES).map(
    (name) => [name, readFileSync(join(CASES, name, "pipeline.yaml"), "utf8")] as const,
  );
  const hostile = HOSTILE_PIPELINES.flatMap(({ name, text }) =>
    typeof text === "string" && text.length < 20_000 ? [[name, text] as const] : [],
  );
  const read = (text: string): unknown => {
    try {
      return parse(text, { uniqueKeys: false, merge: true, logLevel: "silent" });
    } catch {
      return text;
    }
  };
  return [...golden, ...hostile].map(([name, text]) => [name, read(text)]);
}

test("the checker of the build finds exactly what the one of the sources finds", async () => {
  const [ahead, now] = [await built(), shapeValidator()];
  let refused = 0;
  for (const [name, document] of documents()) {
    const answers = [ahead, now].map((isValid) => [isValid(document), isValid.errors]);
    expect(answers[0], name).toEqual(answers[1]);
    if (answers[1]?.[0] === false) refused += 1;
  }
  expect(refused).toBeGreaterThan(10);
});

test("a checker stops gathering where there is more than anybody is told", async () => {
  const wrong = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, [1]]));
  for (const isValid of [await built(), shapeValidator()]) {
    for (const document of [
      { jobs: wrong(4_900) },
      { vars: wrong(9_900) },
      { vars: wrong(9_900), jobs: wrong(4_900) },
    ]) {
      expect(isValid({ version: 1, ...document })).toBe(false);
      expect(isValid.errors?.length).toBeGreaterThan(DIAGNOSTICS_MAX);
      expect(isValid.errors?.length).toBeLessThan(SHAPE_FAULTS_MAX + 10);
    }
  }
});

test("the checker of the build compiles nothing and loads ajv's small helpers alone", () => {
  const imports = Array.from(
    builtShapeValidator().matchAll(/^import .* from "([^"]+)"/gm),
    ([, path]) => path,
  );
  expect(imports.every((path) => path?.startsWith("ajv/dist/runtime/"))).toBe(true);
});
