import { describe, expect, test } from "vitest";
import { LineIndex } from "../../../compiler/diagnostics/index.ts";
import { PIPELINE_FILE } from "../../../compiler/input.ts";
import { type Provenance, provenanceOf } from "../../../compiler/provenance/index.ts";
import { renderProvenance } from "../../../compiler/render/index.ts";
import type { Plan } from "../../../schemas/plan.ts";
import { type CaseInput, caseInput } from "../support/case-input.ts";
import { compiled } from "../support/compiled.ts";
import { RICH_FILES } from "./rich-pipeline.ts";

const { [PIPELINE_FILE]: PIPELINE = "", ...FILES } = RICH_FILES;
const GIVEN: CaseInput = { files: FILES, changed: ["web/a.ts"] };

function origins(wanted: string | null, pipeline = PIPELINE, given = GIVEN): readonly Provenance[] {
  return provenanceOf(caseInput(pipeline, given), wanted);
}

function only(path: string, pipeline = PIPELINE, given = GIVEN): Provenance {
  const [found, ...more] = origins(path, pipeline, given);
  if (found === undefined || more.length > 0) throw new Error(`${path} is ${more.length + 1} values`);
  return found;
}

/** Every scalar, and every empty list and map, by its JSON pointer. Places are not values. */
function leavesOf(value: unknown, pointer = ""): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0)
    return [[pointer, value]];
  return Object.entries(value).flatMap(([key, item]) =>
    key === "place" && pointer.startsWith("/jobs/")
      ? []
      : leavesOf(item, `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`),
  );
}

function textAt(place: { file: string; line: number; column: number }): string {
  const text = RICH_FILES[place.file] ?? "";
  return new LineIndex(text).lineText(place.line).slice(place.column - 1);
}

const UNITS: Readonly<Record<string, (written: string) => number>> = {
  s: (written) => Number.parseFloat(written) * 1_000,
  m: (written) => Number.parseFloat(written) * 60_000,
  h: (written) => Number.parseFloat(written) * 3_600_000,
  GiB: (written) => Number.parseFloat(written) * 1024 ** 3,
};

/** Whether the text could have set the value: it says it, says it in another unit, or computes it. */
function couldSet({ value, text, note, pointer }: Provenance): boolean {
  const written = text ?? "";
  if (note !== null || written.includes("${{")) return true;
  const unquoted = written.replace(/^"(.*)"$/s, "$1");
  const said = typeof value === "object" ? JSON.stringify(value) : String(value);
  if (said === unquoted) return true;
  if (typeof value === "number") {
    const unit = /[a-z]+$/i.exec(unquoted)?.[0] ?? "";
    return (
      UNITS[unit]?.(unquoted) === value ||
      (pointer.endsWith("/cpu_millis") && Number(unquoted) * 1_000 === value)
    );
  }
  if (pointer.startsWith("/sources/")) return true;
  // A block scalar without its indentation.
  const lines = unquoted.split("\n").slice(1);
  return lines.map((line) => line.trim()).join("\n") === said;
}

/** What every job has that says nothing: from a pipeline of one step. */
const BARE: Plan = compiled("version: 1\njobs:\n  only: { steps: [x] }\n").plan;

describe("every value of a plan", () => {
  const { plan } = compiled(PIPELINE, GIVEN);
  const all = origins(null);
  const byPointer = new Map(all.map((one) => [one.pointer, one]));

  test("has one origin, and nothing else has", () => {
    const leaves = leavesOf(plan).map(([pointer]) => pointer);
    expect([...byPointer.keys()].sort()).toEqual([...leaves].sort());
    expect(all.length).toBe(leaves.length);
  });

  test("is named with the value it has", () => {
    const wrong = leavesOf(plan).filter(
      ([pointer, value]) => JSON.stringify(byPointer.get(pointer)?.value) !== JSON.stringify(value),
    );
    expect(wrong).toEqual([]);
  });

  test("stands at its place in the file, as text that could have set it", () => {
    const placed = all.filter(({ place }) => place !== null);
    expect(placed.length).toBeGreaterThan(200);
    const elsewhere = placed.filter(
      ({ place, text }) => place !== null && !textAt(place).startsWith((text ?? "").split("\n")[0] ?? ""),
    );
    expect(elsewhere).toEqual([]);
    expect(placed.filter((one) => !couldSet(one))).toEqual([]);
  });

  test("is called a default only where a job that says nothing has the same", () => {
    const usual = new Map(
      leavesOf(BARE.jobs[0]).map(([pointer, value]) => [pointer.replace(/\/\d+/g, ""), value] as const),
    );
    const odd = all.filter(({ set_by, pointer, value, note }) => {
      const field = /^\/jobs\/\d+(\/.*)$/.exec(pointer)?.[1]?.replace(/\/\d+/g, "");
      if (set_by !== "default" || field === undefined || note !== null) return false;
      // Of a need nobody wrote more than the job.
      if (field === "/needs/when") return value !== "success";
      if (["/needs", "/needs/artifacts", "/shell", "/retry/on", "/env", "/steps/env"].includes(field))
        return false;
      return JSON.stringify(usual.get(field)) !== JSON.stringify(value);
    });
    expect(odd).toEqual([]);
  });
});

describe("one value", () => {
  test("through an include names the file, the include and where the input was given", () => {
    expect(only("from-include.image")).toMatchObject({
      value: "registry.example/node:24",
      set_by: "pipeline",
      place: { file: ".delta/shared.yaml", line: 8 },
      included: [{ file: PIPELINE_FILE, line: 4 }],
      reads: [
        { name: "inputs.registry", text: "registry.example", place: { file: PIPELINE_FILE, line: 5 } },
        { name: "inputs.node", text: '"24"', place: { file: PIPELINE_FILE, line: 5 } },
      ],
    });
  });

  test("of a file that an included file includes names both includes, the nearest first", () => {
    expect(only("deep.timeout_ms").included).toEqual([
      { file: ".delta/shared.yaml", line: 5, column: 11 },
      { file: PIPELINE_FILE, line: 4, column: 12 },
    ]);
  });

  test("of an input that nobody gave leads to its default", () => {
    expect(only("lint.steps.0.run").reads).toMatchObject([
      { name: "inputs.tool", text: "oxlint", place: { file: ".delta/lint.yaml", line: 3 } },
    ]);
  });

  test("through templates names each of them, the nearest first", () => {
    expect(only("jobs.cells[n=1,os=linux].retry.max").through).toMatchObject([
      { kind: "template", name: "base" },
      { kind: "template", name: "checked" },
    ]);
  });

  test("from `defaults` and the pipeline's `env` says so", () => {
    expect(only("plain.timeout_ms").through).toMatchObject([{ kind: "defaults", name: null }]);
    expect(only("plain.env.LOG").through).toMatchObject([{ kind: "env", name: null }]);
  });

  test("of a cell names the cell, and the place in its axis", () => {
    const found = only("jobs.cells[n=3,os=bsd].matrix.os");
    expect(found).toMatchObject({ value: "bsd", matrix: { n: 3, os: "bsd" } });
    expect(found.place).toMatchObject({ line: 47 });
  });

  test("that nobody wrote is the default of Delta CI", () => {
    expect(only("plain.queue_timeout_ms")).toMatchObject({ set_by: "default", place: null });
  });

  test("that a rule sets leads to the rule, over what the job says", () => {
    const pipeline =
      "version: 1\njobs:\n  a:\n    timeout: 1m\n    env: { X: job }\n    rules:\n      - if: event.kind == 'schedule'\n        set: { timeout: 9m }\n      - run: auto\n        set: { timeout: 5m, env: { X: rule } }\n    steps: [x]\n";
    expect(only("a.timeout_ms", pipeline, {})).toMatchObject({
      value: 300_000,
      text: "5m",
      place: { line: 10 },
      through: [{ kind: "rule", place: { line: 10 } }],
    });
    expect(only("a.env.X", pipeline, {})).toMatchObject({ value: "rule", text: "rule", place: { line: 10 } });
  });

  test("of a person's input leads to the event, of a variable to `vars`", () => {
    const pipeline =
      "version: 1\ninputs: { who: { type: string, default: all } }\nvars: { v: x }\njobs:\n  a:\n    env: { W: '${{ inputs.who }} ${{ vars.v }} ${{ ref.name }}' }\n    steps: [x]\n";
    const asked = { event: { kind: "manual" as const, inputs: { who: "me" } } };
    expect(only("a.env.W", pipeline, asked).reads).toMatchObject([
      { name: "inputs.who", set_by: "event", place: null },
      { name: "vars.v", set_by: "pipeline", text: "x" },
      { name: "ref.name", set_by: "event" },
    ]);
  });
});

describe("what is asked for", () => {
  test("may be a job's id, which stands for all its cells", () => {
    const keys = new Set(origins("cells").map(({ path }) => path.split("].")[0]));
    expect(keys.size).toBe(5);
  });

  test("may be a path or a JSON pointer, and all that stands below it", () => {
    const paths = (wanted: string) => origins(wanted).map(({ path }) => path);
    expect(paths("plain.runner")).toEqual(
      ["pool", "os", "arch", "isolation", "labels"].map((name) => `jobs.plain.runner.${name}`),
    );
    expect(paths("/limits/max_runtime_ms")).toEqual(["limits.max_runtime_ms"]);
  });

  test("is nothing when the plan has no such value", () => {
    expect(origins("plain.timeout")).toEqual([]);
    expect(origins("plai")).toEqual([]);
  });
});

test("text names the places and what lies between", () => {
  expect(renderProvenance(origins("from-include.image"), { colour: false })).toBe(
    [
      "from-include",
      '  image  "registry.example/node:24"  .delta/shared.yaml:8:12  ${{ inputs.registry }}/node:${{ inputs.node }}',
      "      included at .delta/pipeline.yaml:4:12",
      "      reads inputs.registry = registry.example at .delta/pipeline.yaml:5:37",
      '      reads inputs.node = "24" at .delta/pipeline.yaml:5:21',
      "",
    ].join("\n"),
  );
});
