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

/** Words that stand for null. */
const NOTHING: Readonly<Record<string, string>> = { checkout: "false", depth: "full" };

/** Whether the text could have set the value: it says it, says it in another unit or word, or computes it. */
function couldSet({ value, text, note, pointer }: Provenance): boolean {
  const written = text ?? "";
  if (note !== null || pointer.startsWith("/sources/")) return true;
  const unquoted = written.replace(/^"(.*)"$/s, "$1");
  const said = typeof value === "object" ? JSON.stringify(value) : String(value);
  if (said === unquoted) return true;
  // A value that is complete later has a part of the text in each of its own.
  if (written.includes("${{"))
    return (
      pointer.includes("/late/") || unquoted.split(/\$\{\{.*?\}\}/s).every((part) => said.includes(part))
    );
  if (value === null) return NOTHING[pointer.split("/").at(-1) ?? ""] === written;
  // Needing a job is needing each instance of it.
  if (/\/needs\/\d+\/job$/.test(pointer)) return said.startsWith(`${written}[`);
  if (typeof value === "number") {
    const unit = /[a-z]+$/i.exec(unquoted)?.[0] ?? "";
    return (
      UNITS[unit]?.(unquoted) === value ||
      (pointer.endsWith("/cpu_millis") && Number(unquoted) * 1_000 === value)
    );
  }
  // A block scalar without its indentation.
  const lines = unquoted.split("\n").slice(1);
  return lines.map((line) => line.trim()).join("\n") === said;
}

/** What a job has that says as little as it can: nothing but a step, or each of its parts in the shortest form. */
const BARE: Plan = compiled(`version: 1
jobs:
  only: { steps: [x] }
  parts:
    needs: only
    services: { plain: x, ready: { image: x, ready: [x] } }
    caches: [{ key: x, paths: x }]
    artifacts: [{ name: x, path: x }]
    concurrency: x
    approval: {}
    environment: x
    interruptible: true
    retry: 1
    matrix: { axes: { x: [1] }, max: 1 }
    steps: [x]
  fail-fast: { matrix: { axes: { x: [1] }, fail_fast: true }, steps: [x] }
`).plan;

/** A value of a job by its field, whichever job and item of a list it is in. */
function fieldAndValue(pointer: string, value: unknown): string {
  return `${pointer.replace(/\/\d+/g, "")} ${JSON.stringify(value)}`;
}

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
    expect(placed.length).toBeGreaterThan(400);
    const elsewhere = placed.filter(
      ({ place, text }) => place !== null && !textAt(place).startsWith((text ?? "").split("\n")[0] ?? ""),
    );
    expect(elsewhere).toEqual([]);
    expect(placed.filter((one) => !couldSet(one))).toEqual([]);
  });

  test("is called a default only where a job that says nothing has the same", () => {
    const usual = new Set(
      leavesOf({ jobs: BARE.jobs }).map(([pointer, value]) => fieldAndValue(pointer, value)),
    );
    const odd = all.filter(
      ({ set_by, pointer, value, note }) =>
        set_by === "default" &&
        note === null &&
        pointer.startsWith("/jobs/") &&
        !usual.has(fieldAndValue(pointer, value)),
    );
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
    expect(found.place).toMatchObject({ line: 49 });
  });

  test("that nobody wrote is the default of Delta CI", () => {
    expect(only("plain.no_output_timeout_ms")).toMatchObject({ set_by: "default", place: null });
  });

  const parts: readonly (readonly [string, unknown, string, number, number])[] = [
    ["build.secrets.1.variable", "SAME", "SAME", 44, 42],
    ["build.secrets.1.secret", "SAME", "SAME", 44, 48],
    ["deploy.secrets.0.variable", "NPM_TOKEN", "NPM_TOKEN", 59, 15],
    ["deploy.secrets.0.secret", "NPM_TOKEN", "NPM_TOKEN", 59, 15],
    ["build.id_tokens.0.audiences.0", "https://cloud.example", "https://cloud.example", 45, 25],
    ["build.id_tokens.1.audiences.1", "a.example", "a.example", 45, 67],
    ["jobs.stack[postgres=18].services.0.image", "redis:8", "redis:8", 6, 14],
    ["jobs.stack[postgres=18].services.1.name", "db", "db", 15, 7],
    ["jobs.stack[postgres=18].services.1.ready.timeout_ms", 30_000, "30s", 20, 54],
    ["jobs.stack[postgres=18].services.2.ready.command.1", "ping", "ping", 21, 47],
    ["jobs.stack[postgres=18].cells.fail_fast", true, "true", 30, 18],
    ["deploy.approval.approvers.0", "alice", "alice", 61, 34],
    ["deploy.needs.0.artifacts.1", "dist", "dist", 54, 47],
    ["deploy.late.0.variable", "IMAGE", "IMAGE", 58, 7],
    ["deploy.interruptible", false, "environment", 60, 5],
    ["deploy.priority", 5, "5", 68, 58],
  ];
  test.each(parts)("at %s has its own place", (path, value, text, line, column) => {
    const place = { file: ".delta/parts.yaml", line, column };
    expect(only(path)).toMatchObject({ value, text, set_by: "pipeline", place });
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

  test("of a list is not taken for another that says in words what an expression comes to", () => {
    const pipeline =
      "version: 1\nvars: { v: same }\njobs:\n  a:\n    caches: [{ key: k, paths: ['${{ vars.v }}', same] }]\n    steps: [x]\n";
    expect(only("a.caches.0.paths.0", pipeline, {})).toMatchObject({
      value: "same",
      text: "'${{ vars.v }}'",
    });
    expect(only("a.caches.0.paths.1", pipeline, {})).toMatchObject({ value: "same", text: "same" });
  });

  test("of an environment whose variables are all late says where they are", () => {
    const pipeline =
      "version: 1\njobs:\n  a: { outputs: [o], steps: [x] }\n  b:\n    needs: a\n    env: { O: '${{ needs.a.outputs.o }}' }\n    steps: [{ run: x, env: { R: '${{ needs.a.result }}', PLAIN: x } }]\n";
    const note = "its variables are under `late`";
    expect(only("b.env", pipeline, {})).toMatchObject({ value: {}, place: { line: 6 }, note });
    expect(only("b.steps.0.env", pipeline, {})).toMatchObject({ value: "x", text: "x", note: null });
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
  expect(renderProvenance(origins("from-include.image"), { colour: false, full: false })).toBe(
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

test("text tells the first of very many jobs, and how to get the others", () => {
  const jobs = Array.from({ length: 30 }, (_, at) => `  job-${at + 10}:\n    steps: [make]\n`).join("");
  const values = origins(null, `version: 1\nname: x\njobs:\n${jobs}`);
  const told = (full: boolean) => renderProvenance(values, { colour: false, full });
  expect(told(true).match(/^job-/gm)).toHaveLength(30);
  expect(told(false).match(/^(?:the plan|job-.*)$/gm)).toHaveLength(10);
  expect(told(false)).toMatch(/\n\n… 21 more jobs; name those you want, or --full for all\n$/);
});
