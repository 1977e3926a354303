import { describe, expect, test } from "vitest";
import {
  diagnosticsView,
  formatGithub,
  formatHuman,
  formatLines,
  sarifLog,
} from "../../../compiler/diagnostics/index.ts";
import type { Diagnostic } from "../../../schemas/diagnostic.ts";

const FILE = ".delta/pipeline.yaml";
const TEXT = "version: 1\njobs:\n  test:\n    changes: ['/src/**']\n\tname: x\n";
const at = TEXT.indexOf("'/src/**'");
const span = { file: FILE, start: at, end: at + 9 };

const wrongGlob: Diagnostic = {
  code: "DC1505",
  severity: "error",
  message: "the glob `/src/**` cannot be used: 100% sure",
  span,
  related: [{ span: { file: FILE, start: 11, end: 15 }, message: "in these jobs" }],
  fix: { title: "Write src/**", edits: [{ span, newText: "'src/**'" }] },
};
const missing: Diagnostic = {
  code: "DC1001",
  severity: "error",
  message: "there is no `.delta/pipeline.yaml`",
  span: null,
  related: [],
};
const sources = (file: string) => (file === FILE ? TEXT : null);

test("a person sees the place, the source, what belongs to it and what helps", () => {
  expect(formatHuman([missing, wrongGlob], sources)).toBe(
    [
      "error DC1001 pipeline.missing: there is no `.delta/pipeline.yaml`",
      "  = see docs/diagnostics.md#dc1001-pipelinemissing",
      "",
      ".delta/pipeline.yaml:4:15: error DC1505 glob.outside_repo: the glob `/src/**` cannot be used: 100% sure",
      "  |",
      "3 |   test:",
      "4 |     changes: ['/src/**']",
      "  |               ^~~~~~~~~",
      "  = .delta/pipeline.yaml:2:1: in these jobs",
      "  = fix: Write src/**",
      "  = see docs/diagnostics.md#dc1505-globoutside_repo",
      "",
      "2 errors; 1 can be fixed",
      "",
    ].join("\n"),
  );
});

describe("the frame", () => {
  const frameOf = (text: string, start: number, end: number) =>
    formatHuman([{ ...wrongGlob, related: [], span: { file: FILE, start, end } }], (file) =>
      file === FILE ? text : null,
    ).split("\n");

  test("keeps the mark under wide characters and tabs", () => {
    expect(frameOf("\t日本: x", 5, 6).slice(1, 4)).toEqual(["  |", "1 |     日本: x", "  |           ^"]);
  });

  test("shows control characters as escapes, so that a file cannot drive the terminal", () => {
    const frame = frameOf("a: \u001b[31mred", 0, 1).join("\n");
    expect(frame).toContain("\\u001b[31mred");
    expect(frame).not.toContain("\u001b");
  });

  test("cuts a very long line around the mark", () => {
    const [, , line, mark] = frameOf(`${"x".repeat(5_000)}HERE${"y".repeat(5_000)}`, 5_000, 5_004);
    expect(line?.length).toBeLessThan(140);
    expect(line?.slice(mark?.indexOf("^"), (mark?.lastIndexOf("~") ?? 0) + 1)).toBe("HERE");
  });

  test("marks a span over several lines to the end of its first", () => {
    expect(frameOf("ab: |\n  cd\n", 4, 10)[3]).toBe("  |     ^");
  });

  test("counts lines after every kind of line break and columns without the byte order mark", () => {
    const view = diagnosticsView(
      [{ ...wrongGlob, span: { file: FILE, start: 1, end: 2 } }],
      () => "\ufeffa: 1",
    );
    expect(view.diagnostics[0]?.range).toMatchObject({ line: 1, column: 1 });
    const text = "a\r\nb\rc\nd";
    const last = diagnosticsView([{ ...wrongGlob, span: { file: FILE, start: 7, end: 8 } }], () => text);
    expect(last.diagnostics[0]?.range).toMatchObject({ line: 4, column: 1 });
  });
});

test("colour is the caller's, and is put around whole pieces", () => {
  const painted = formatHuman([missing], sources, (style, text) => `<${style}>${text}</${style}>`);
  expect(painted).toContain("<error>error DC1001</error> pipeline.missing:");
});

test("JSON gives ranges, offsets and the fix under a version", () => {
  expect(diagnosticsView([wrongGlob], sources)).toEqual({
    version: 1,
    diagnostics: [
      {
        code: "DC1505",
        name: "glob.outside_repo",
        severity: "error",
        message: wrongGlob.message,
        range: { file: FILE, line: 4, column: 15, end_line: 4, end_column: 24, start: at, end: at + 9 },
        related: [
          {
            range: { file: FILE, line: 2, column: 1, end_line: 2, end_column: 5, start: 11, end: 15 },
            message: "in these jobs",
          },
        ],
        fix: {
          title: "Write src/**",
          edits: [
            {
              range: { file: FILE, line: 4, column: 15, end_line: 4, end_column: 24, start: at, end: at + 9 },
              new_text: "'src/**'",
            },
          ],
        },
        docs: "docs/diagnostics.md#dc1505-globoutside_repo",
      },
    ],
  });
});

test("one line per diagnostic, for problem matchers", () => {
  expect(formatLines([missing, wrongGlob], sources)).toBe(
    "error: there is no `.delta/pipeline.yaml` [DC1001 pipeline.missing]\n" +
      ".delta/pipeline.yaml:4:15: error: the glob `/src/**` cannot be used: 100% sure [DC1505 glob.outside_repo]\n",
  );
});

test("GitHub's commands escape what would end them", () => {
  const odd = { ...wrongGlob, message: "100%\n::set-output", span: { ...span, file: "a,b:c.yaml" } };
  expect(formatGithub([missing, odd], sources)).toBe(
    "::error title=DC1001 pipeline.missing::there is no `.delta/pipeline.yaml`\n" +
      "::error file=a%2Cb%3Ac.yaml,line=1,endLine=1,col=1,endColumn=1,title=DC1505 glob.outside_repo::100%25%0A::set-output\n",
  );
});

test("SARIF names rules once, points at results by index and carries fixes", () => {
  const log = sarifLog(
    [missing, wrongGlob, { ...wrongGlob, span: { ...span, file: "x y\udcff.yaml" } }],
    sources,
    "1.2.3",
  );
  const [run] = log.runs;
  expect(log.version).toBe("2.1.0");
  expect(run?.tool.driver.rules?.map(({ id }) => id)).toEqual(["DC1001", "DC1505"]);
  expect(run?.results?.map(({ ruleIndex }) => ruleIndex)).toEqual([0, 1, 1]);
  expect(run?.results?.[0]?.locations).toEqual([]);
  expect(run?.results?.[1]?.locations?.[0]?.physicalLocation).toEqual({
    artifactLocation: { uri: FILE, uriBaseId: "ROOT" },
    region: { startLine: 4, startColumn: 15, endLine: 4, endColumn: 24 },
  });
  expect(run?.results?.[1]?.fixes?.[0]?.artifactChanges[0]?.replacements[0]?.insertedContent?.text).toBe(
    "'src/**'",
  );
  expect(run?.results?.[2]?.locations?.[0]?.physicalLocation?.artifactLocation?.uri).toBe("x%20y%FF.yaml");
});
