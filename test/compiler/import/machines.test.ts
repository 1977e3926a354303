import { array, assert, constantFrom, pre, property, record, uniqueArray } from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { importPipeline } from "../../../compiler/import/index.ts";
import { compile } from "../../../compiler/index.ts";
import { caseInput } from "../support/case-input.ts";

interface Job {
  readonly name?: string;
  readonly runner?: unknown;
  readonly matrix?: Readonly<Record<string, unknown>>;
  readonly needs?: readonly string[];
  readonly steps: readonly unknown[];
}

function imported(text: string) {
  const { pipeline, findings, jobs } = importPipeline("github", "ci.yml", new TextEncoder().encode(text));
  return {
    pipeline,
    of: (parse(pipeline ?? "{}") as { readonly jobs: Readonly<Record<string, Job>> }).jobs,
    told: findings.map(({ code, message }) => `${code} ${message}`),
    jobs: jobs.map(({ name, outcome }) => `${name} ${outcome}`),
  };
}

const matrix = (strategy: string, rest = "steps: [{ run: x }]", runsOn = "${{ matrix.os }}"): string =>
  `on: push\njobs:\n  t: { strategy: { ${strategy} }, runs-on: ${JSON.stringify(runsOn)}, container: a, ${rest} }\n  after: { needs: t, container: a, steps: [{ run: y }] }\n`;

describe("a matrix over several systems", () => {
  const text = matrix(
    "matrix: { os: [ubuntu-latest, ubuntu-22.04, windows-latest, ubuntu-24.04-arm], node: [20, 22], exclude: [{ os: windows-latest, node: 20 }], include: [{ os: windows-latest, node: 24 }] }",
    "steps: [{ if: matrix.os == 'windows-latest', run: win }, { if: runner.os == 'Linux', run: lin }]",
  );

  test("becomes a job for each kind of machine, each with its cells, and all of them are needed", () => {
    const { of, told, jobs } = imported(text);
    expect(Object.keys(of)).toEqual(["t-linux", "t-windows", "t-linux-arm", "after"]);
    expect(of["t-linux"]?.matrix).toEqual({
      axes: { os: ["ubuntu-latest", "ubuntu-22.04"], node: [20, 22] },
      fail_fast: true,
    });
    expect(of["t-windows"]).toMatchObject({
      runner: { os: "windows" },
      matrix: { axes: { os: ["windows-latest"], node: [22] }, include: [{ os: "windows-latest", node: 24 }] },
      steps: ["win"],
    });
    expect(of["t-linux-arm"]).toMatchObject({ runner: { arch: "arm64" }, steps: ["lin"] });
    expect(of["after"]?.needs).toEqual(["t-linux", "t-windows", "t-linux-arm"]);
    expect(told).toEqual([expect.stringMatching(/^DC1804 There is a job here for each kind of machine/)]);
    expect(jobs).toEqual(["t whole", "after whole"]);
  });

  test("whose cells run at once in a number says that this holds for each job alone", () => {
    const { told } = imported(
      matrix("fail-fast: false, max-parallel: 2, matrix: { os: [ubuntu-latest, macos-latest] }"),
    );
    expect(told).toEqual([
      expect.stringMatching(/^DC1802 There is a job here for each kind of machine, and this/),
    ]);
  });

  test("has the machine in names that would be alike", () => {
    const strategy = "fail-fast: false, matrix: { os: [ubuntu-latest, macos-latest] }";
    const names = (name: string): readonly (string | undefined)[] => {
      const { of } = imported(matrix(strategy, `name: '${name}', steps: [{ run: x }]`));
      return [of["t-linux"]?.name, of["t-macos"]?.name];
    };
    expect(names("Test")).toEqual(["Test (linux)", "Test (macos)"]);
    expect(names("On ${{ matrix.os }}")).toEqual(["On ubuntu-latest", "On macos-latest"]);
  });

  test.each([
    ["${{ matrix.os || 'ubuntu-latest' }}", "{ n: [1], include: [{ n: 1 }, { n: 2, os: macos-latest }] }"],
    ["${{ matrix.os }}-latest", "{ os: [ubuntu, macos] }"],
    ["${{ matrix.on.machine }}", "{ on: [{ machine: ubuntu-latest }, { machine: macos-latest }] }"],
  ])("is known where %s names the machines", (runsOn, values) => {
    const { of } = imported(matrix(`matrix: ${values}`, undefined, runsOn));
    expect(Object.keys(of)).toEqual(["t-linux", "t-macos", "after"]);
  });

  test("that is computed by the server is told", () => {
    const { of, told } = imported(matrix("matrix: { n: [1] }", undefined, "${{ matrix.n && vars.MACHINE }}"));
    expect(Object.keys(of)).toEqual(["t", "after"]);
    expect(told).toEqual([
      expect.stringMatching(/^DC1801 Which runners this names is computed for each cell/),
    ]);
  });
});

test("the jobs of a matrix have its cells between them, whatever is left out and taken in", () => {
  const systems = ["ubuntu-latest", "ubuntu-22.04", "macos-latest", "windows-2022", "ubuntu-24.04-arm"];
  const system = constantFrom(...systems);
  const cell = record(
    { os: system, node: constantFrom(1, 2, 3), flag: constantFrom("f", "g") },
    { requiredKeys: ["os"] },
  );
  const excluded = record({ os: system, node: constantFrom(1, 2) }, { requiredKeys: [] });
  const values = record({
    os: uniqueArray(system, { minLength: 1 }),
    node: uniqueArray(constantFrom(1, 2, 3), { minLength: 1 }),
    include: array(cell, { maxLength: 4 }),
    exclude: array(excluded, { maxLength: 2 }),
  });
  assert(
    property(values, (written) => {
      const cellsOf = (runsOn: string): readonly string[] | null => {
        const { pipeline, told } = imported(
          matrix(`fail-fast: false, matrix: ${JSON.stringify(written)}`, undefined, runsOn),
        );
        if (pipeline === null || told.some((one) => one.includes("does not compile"))) return null;
        const jobs = compile(caseInput(pipeline, { request: { all: true } })).plan?.jobs ?? [];
        return jobs
          .flatMap(({ matrix: cells }) => (cells !== null ? [JSON.stringify(cells)] : []))
          .toSorted();
      };
      // On one machine there is one job, whose matrix is as it was written.
      const whole = cellsOf("ubuntu-latest");
      pre(whole !== null);
      expect(cellsOf("${{ matrix.os }}")).toEqual(whole);
    }),
    { numRuns: 60 },
  );
});
