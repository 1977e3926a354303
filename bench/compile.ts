import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { compile } from "../compiler/index.ts";
import { changeSet } from "../test/support/compiler/changes-between.ts";
import { treeOf } from "../test/support/compiler/tree-snapshot.ts";
import { testEvent } from "../test/support/plans.ts";
import { cpuMs } from "./cost.ts";
import { atMost, type Figure, growthSlope, milliseconds, stated } from "./figures.ts";

const SIZES = [10, 100, 300, 1_000];
const SLOPE_MOST = 1.15;
const SCHEMA = join(import.meta.dirname, "..", "schemas", "pipeline.schema.json");

/**
 * CPU time of a whole compile (text to digest) over the number of jobs. The floor is what any reader of
 * the file must do: `yaml` parses it and ajv holds it against the schema.
 */
export async function compileGrowth(): Promise<readonly Figure[]> {
  const check = new Ajv({ strict: false }).compile(JSON.parse(readFileSync(SCHEMA, "utf8")) as object);
  const rows = SIZES.map((size) => {
    const text = pipelineOf(size);
    const files = { ".delta/pipeline.yaml": text, "src/part-1/a.ts": "", "README.md": "" };
    const head = treeOf(files);
    const changes = changeSet([{ status: "M", path: "src/part-1/a.ts" }]);
    const request = { jobs: [], all: false };
    const input = { head, base: head, changes, event: testEvent(), compilerVersion: "0", request };
    const ms = cpuMs(() => {
      if (compile(input).plan === null) throw new Error("the bench's pipeline has errors");
    });
    const floor = cpuMs(() => {
      if (!check(parse(text, { uniqueKeys: false })))
        throw new Error("the schema refuses the bench's pipeline");
    });
    return { size, ms, floor };
  });
  return [
    ...rows.map(({ size, ms, floor }) =>
      stated(
        `compile of ${size.toLocaleString("en-US")} jobs, CPU: delta over yaml + ajv`,
        `${(ms / floor).toFixed(1)} x (${milliseconds(ms)} over ${milliseconds(floor)})`,
      ),
    ),
    atMost("fitted slope of compile", growthSlope(rows), SLOPE_MOST, ""),
  ];
}

function pipelineOf(jobs: number): string {
  const one = (index: number): string => {
    const needs = index > 0 ? `    needs: [{ job: job-${index - 1}, when: done }]\n` : "";
    return `  job-${index}:\n    changes: ["src/part-${index}/**", "!**/*.md"]\n${needs}    env: { PART: "${index}" }\n    steps:\n      - name: build\n        run: make part-${index}\n      - make test\n`;
  };
  return `version: 1\nname: bench\njobs:\n${Array.from({ length: jobs }, (_, index) => one(index)).join("")}`;
}
