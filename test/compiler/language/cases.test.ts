import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DIAGNOSTIC_CODES } from "../../../schemas/diagnostic-codes.ts";
import { loadFiles, PIPELINE, renderFindings } from "./load-text.ts";

const CASES = join(import.meta.dirname, "cases");
const NAMES = new Map(Object.entries(DIAGNOSTIC_CODES).map(([code, { name }]) => [name as string, code]));

/** The case's files by their path in the repository; `pipeline.yaml` is the pipeline itself. */
function filesOf(name: string): Readonly<Record<string, string>> {
  const folder = join(CASES, name);
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".yaml"),
  );
  return Object.fromEntries(
    paths.map((path) => [
      path === "pipeline.yaml" ? PIPELINE : path,
      readFileSync(join(folder, path), "utf8"),
    ]),
  );
}

/** One folder per rule, named after it. `UPDATE_CASES=1` writes what is found; read the difference before committing it. */
describe("golden cases", () => {
  test.each(readdirSync(CASES))("%s", (name) => {
    const files = filesOf(name);
    const found = renderFindings(loadFiles(files).diagnostics, files);
    const expectedFile = join(CASES, name, "expected.txt");
    if (process.env.UPDATE_CASES === "1") writeFileSync(expectedFile, found);
    expect(existsSync(expectedFile), `${name}/expected.txt exists`).toBe(true);
    expect(found).toBe(readFileSync(expectedFile, "utf8"));
    expect(found, "the case raises the rule it is named after").toContain(`${NAMES.get(name)} ${name}:`);
  });
});
