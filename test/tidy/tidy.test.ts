import { describe, expect, test } from "vitest";
import { DIAGNOSTIC_CODES } from "../../schemas/diagnostic-codes.ts";
import { REASONS } from "../../schemas/reasons.ts";
import {
  ATTEMPT_TRANSITIONS,
  JOB_TRANSITIONS,
  LEASE_TRANSITIONS,
  RUN_TRANSITIONS,
} from "../../schemas/states.ts";
import { IMPORT_TABLE, importCycles, importsOf, importViolations } from "./import-table.ts";
import { readRootFile, trackedFiles } from "./sources.ts";

const sources = trackedFiles(".ts");
const ours = sources.filter((file) => (file.path.split("/")[0] ?? "") in IMPORT_TABLE);
const tests = sources.filter((file) => file.path.startsWith("test/"));

const SOURCE_LINES_MAX = 300;
/** Tests are lists of cases, so they may be longer; past this a file has two subjects. */
const TEST_LINES_MAX = 500;
const ADR_LINES_MAX = 60;

describe("borders", () => {
  test("every import obeys the table", () => {
    expect(ours.flatMap(importViolations)).toEqual([]);
  });

  test("no import cycles", () => {
    expect(importCycles(ours)).toEqual([]);
  });

  test("the compiler reads no clock, no randomness and no environment", () => {
    const impure =
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.(env|hrtime|cwd)\b|\bperformance\.now\b|\bfetch\(/;
    const found = ours.filter((file) => file.path.startsWith("compiler/") && impure.test(file.text));
    expect(found.map((file) => file.path)).toEqual([]);
  });

  test("postgres.js is imported in control-plane/db alone, octokit in the forge alone", () => {
    const found = ours.flatMap((file) =>
      importsOf(file.text).flatMap((specifier) => {
        if (specifier === "postgres" && !/^(control-plane\/db\/)/.test(file.path)) return [file.path];
        if (/^(octokit|@octokit)/.test(specifier) && !file.path.startsWith("control-plane/forge/"))
          return [file.path];
        return [];
      }),
    );
    expect(found).toEqual([]);
  });

  test.each([
    ["an import over a border", "runner/a.ts", 'import { x } from "../control-plane/db/client.ts";\n'],
    ["a re-export over a border", "schemas/a.ts", 'export * from "../compiler/index.ts";\n'],
    ["a dynamic import over a border", "nomad/a.ts", 'const x = await import("../cli/main.ts");\n'],
    ["a refused package", "compiler/a.ts", 'import { readFileSync } from "node:fs";\n'],
    ["a package in the runner", "runner/a.ts", 'import { request } from "undici";\n'],
    ["a computed import", "cli/a.ts", "await import(name);\n"],
    [
      "a door of the composition root used elsewhere",
      "control-plane/queue.ts",
      'import "../nomad/index.ts";\n',
    ],
    [
      "policy that knows the database",
      "control-plane/scheduler/a.ts",
      'import { y } from "../db/runs.ts";\n',
    ],
  ])("the check itself finds %s", (_what, path, text) => {
    expect(importViolations({ path, text })).toHaveLength(1);
  });

  test("the check itself lets a lawful import pass", () => {
    const text =
      'import { a } from "../schemas/ids.ts";\nimport {\n  b,\n} from "yaml";\n// import "node:fs";\n';
    expect(importViolations({ path: "compiler/a.ts", text })).toEqual([]);
  });

  test("the check itself finds a cycle", () => {
    const files = [
      { path: "cli/a.ts", text: 'import "./b.ts";\n' },
      { path: "cli/b.ts", text: 'import "./a.ts";\n' },
    ];
    expect(importCycles(files)).toEqual(["cli/a.ts -> cli/b.ts -> cli/a.ts"]);
  });
});

describe("sizes and names", () => {
  const tooLong = (files: typeof sources, limit: number): string[] =>
    files
      .map((file) => ({ path: file.path, lines: file.text.split("\n").length - 1 }))
      .filter(({ lines }) => lines > limit)
      .map(({ path, lines }) => `${path}: ${lines} lines`);

  test("no source file is longer than its limit", () => {
    expect(tooLong(ours, SOURCE_LINES_MAX)).toEqual([]);
  });

  test("no test file is longer than its limit", () => {
    expect(tooLong(tests, TEST_LINES_MAX)).toEqual([]);
  });

  test("no decision record is longer than its limit, and all are numbered once", () => {
    const records = trackedFiles(".md").filter((file) => file.path.startsWith("adr/"));
    expect(tooLong(records, ADR_LINES_MAX)).toEqual([]);
    const numbers = records.map((file) => file.path.slice("adr/".length, "adr/".length + 4));
    expect(numbers).toEqual([...new Set(numbers)]);
    expect(numbers.every((number) => /^\d{4}$/.test(number))).toBe(true);
  });

  test("files are kebab-case and none is called utils, helpers or misc", () => {
    const odd = sources
      .map((file) => file.path)
      .filter(
        (path) =>
          !/^([a-z0-9][a-z0-9.-]*\/)*[a-z0-9][a-z0-9.-]*\.ts$/.test(path) ||
          /\b(utils?|helpers?|misc)\b/.test(path),
      );
    expect(odd).toEqual([]);
  });

  test("no test is skipped for good or focused, and no promise is left in a comment", () => {
    const pattern = new RegExp(
      String.raw`\b(?:it|test|describe)\.(?:only|todo|skip)\(|\b(?:TO` +
        String.raw`DO|FIX` +
        String.raw`ME|HA` +
        `CK)\\b`,
    );
    expect(sources.filter((file) => pattern.test(file.text)).map((file) => file.path)).toEqual([]);
  });
});

describe("what is written down", () => {
  const headings = (path: string): string[] =>
    [...readRootFile(path).matchAll(/^#{2,4} `?([^`\n]+?)`?$/gm)].map((match) => match[1] ?? "");

  test("every diagnostic code has its entry in docs/diagnostics.md, and every entry its code", () => {
    const expected = Object.entries(DIAGNOSTIC_CODES).map(([code, entry]) => `${code} ${entry.name}`);
    const written = headings("docs/diagnostics.md").filter((heading) => heading.startsWith("DC"));
    expect(written.toSorted()).toEqual(expected.toSorted());
  });

  test("every diagnostic code is raised in a test", () => {
    const corpus = [
      ...tests,
      ...trackedFiles(".txt", ".json", ".yaml").filter((file) => file.path.startsWith("test/")),
    ]
      .map((file) => file.text)
      .join("\n");
    const raised = Object.entries(DIAGNOSTIC_CODES).filter(([, entry]) => entry.retired !== true);
    expect(raised.map(([code]) => code).filter((code) => !corpus.includes(code))).toEqual([]);
  });

  test("every reason has its entry in docs/reasons.md, and every entry its reason", () => {
    const written = headings("docs/reasons.md").filter((heading) => /^[a-z_]+$/.test(heading));
    expect(written.toSorted()).toEqual(Object.keys(REASONS).toSorted());
  });

  test("every command has its entry in docs/cli.md, and every entry its command", async () => {
    const { commands } = await import("../../cli/commands.ts");
    const expected = Object.keys(commands).map((id) => `delta ${id.replaceAll(":", " ")}`);
    const written = headings("docs/cli.md").filter((heading) => heading.startsWith("delta "));
    expect(written.toSorted()).toEqual(expected.toSorted());
  });

  test("the database's lists of states are those of schemas/states.ts", () => {
    const sql = trackedFiles(".sql")
      .filter((file) => file.path.startsWith("control-plane/db/migrations/"))
      .map((file) => file.text)
      .join("\n");
    const listed = (table: string): string[] => {
      const body = sql.match(new RegExp(`create table delta\\.${table} \\(([\\s\\S]*?)\\n\\);`))?.[1] ?? "";
      const list = body.match(/ state text not null[^,]*?check \(state in \(([\s\S]*?)\)\)/)?.[1] ?? "";
      return [...list.matchAll(/'([a-z_]+)'/g)].map((match) => match[1] ?? "");
    };
    for (const [table, transitions] of Object.entries({
      runs: RUN_TRANSITIONS,
      jobs: JOB_TRANSITIONS,
      attempts: ATTEMPT_TRANSITIONS,
      leases: LEASE_TRANSITIONS,
    })) {
      expect(listed(table).toSorted(), table).toEqual(Object.keys(transitions).toSorted());
    }
  });

  test("every link between documents leads somewhere", () => {
    const documents = trackedFiles(".md");
    const known = new Set([...documents, ...trackedFiles("")].map((file) => file.path));
    const broken = documents.flatMap((file) =>
      [...file.text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map((match) => new URL(match[1] ?? "", `file:///${file.path}`).pathname.slice(1).replace(/\/$/, ""))
        .filter((target) => !known.has(target) && ![...known].some((path) => path.startsWith(`${target}/`)))
        .map((target) => `${file.path}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  test("no registry address and no path of one machine is committed", () => {
    // Written so that this file does not name what it forbids.
    const forbidden = /registry[.]npm|[/]root[/]|[/]work[/]/;
    const found = trackedFiles("").filter((file) => forbidden.test(file.text) && file.path !== "LICENSE");
    expect(found.map((file) => file.path)).toEqual([]);
  });
});
