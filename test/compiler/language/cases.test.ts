import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  inputTexts,
  NO_PINNED,
  type PinnedFiles,
  pinnedKey,
  type PinnedRequest,
} from "../../../compiler/index.ts";
import { DIAGNOSTIC_CODES } from "../../../schemas/diagnostic-codes.ts";
import { loadFiles, PIPELINE, pushToMain, renderFindings } from "./load-text.ts";

const CASES = join(import.meta.dirname, "cases");
const NAMES = new Map(Object.entries(DIAGNOSTIC_CODES).map(([code, { name }]) => [name, code]));

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

interface BroughtFile {
  readonly request: PinnedRequest;
  /** What the file holds, or why it could not be had. */
  readonly text?: string;
  readonly problem?: "unreachable";
  readonly detail?: string;
}

/** `pinned.json`: what was brought from other repositories. */
function pinnedOf(name: string): PinnedFiles {
  const path = join(CASES, name, "pinned.json");
  if (!existsSync(path)) return NO_PINNED;
  const brought = JSON.parse(readFileSync(path, "utf8")) as readonly BroughtFile[];
  return new Map(
    brought.map(({ request, text, problem = "unreachable", detail = "" }) => {
      const answer = text === undefined ? { problem, detail } : { bytes: new TextEncoder().encode(text) };
      return [pinnedKey(request), { request, answer }];
    }),
  );
}

/** One folder per rule, named after it. `UPDATE_CASES=1` writes what is found; read the difference before committing it. */
describe("golden cases", () => {
  test.each(readdirSync(CASES))("%s", (name) => {
    const files = filesOf(name);
    const pinned = pinnedOf(name);
    const texts = inputTexts({ head: { commit: "", entries: new Map(), contents: new Map() }, pinned });
    const { diagnostics } = loadFiles(files, pushToMain, undefined, pinned);
    const found = renderFindings(diagnostics, (file) => files[file] ?? texts(file));
    const expectedFile = join(CASES, name, "expected.txt");
    if (process.env.UPDATE_CASES === "1") writeFileSync(expectedFile, found);
    expect(existsSync(expectedFile), `${name}/expected.txt exists`).toBe(true);
    expect(found).toBe(readFileSync(expectedFile, "utf8"));
    expect(found, "the case raises the rule it is named after").toContain(`${NAMES.get(name)} ${name}:`);
  });
});
