import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatLines, textsOf } from "../../../compiler/diagnostics/index.ts";
import { importPipeline } from "../../../compiler/import/index.ts";
import { compile } from "../../../compiler/index.ts";
import { caseInput } from "../support/case-input.ts";
import { PULL_REQUEST } from "./pull-request.ts";

/**
 * Files as people write them, with the pipeline and the findings that come of them. `UPDATE_CASES=1` writes
 * what comes of them now; read the difference.
 */
const SAMPLES = join(import.meta.dirname, "samples");

function stored(path: string): string | null {
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

describe.each(readdirSync(SAMPLES).filter((name) => name.endsWith(".yml")))("%s", (name) => {
  const bytes = readFileSync(join(SAMPLES, name));
  const kind = name.endsWith(".github.yml") ? "github" : "gitlab";
  const { pipeline, findings } = importPipeline(kind, name, bytes);

  test("becomes the pipeline and the findings beside it", () => {
    const told = formatLines(findings, textsOf(new Map([[name, bytes]])));
    const files = [
      [join(SAMPLES, `${name}.pipeline.yaml`), pipeline ?? ""],
      [join(SAMPLES, `${name}.findings.txt`), told],
    ] as const;
    for (const [path, text] of files) {
      if (process.env["UPDATE_CASES"] === "1") writeFileSync(path, text);
      expect(text).toBe(stored(path));
    }
  });

  const asksForPublish = pipeline?.includes(" publish:") === true;
  test("becomes a pipeline that compiles for every kind of event", () => {
    for (const event of [
      { kind: "push" as const },
      { kind: "push" as const, ref: "refs/tags/v1.0" },
      { kind: "manual" as const, inputs: asksForPublish ? { publish: true } : {} },
      { kind: "schedule" as const },
      { kind: "pull_request" as const, pull_request: PULL_REQUEST },
    ]) {
      const result = compile(caseInput(pipeline, { event, request: { all: true } }));
      expect(result.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
      expect(result.plan).not.toBeNull();
    }
  });
});
