import { expect, test } from "vitest";
import {
  checkGlobList,
  listAdmits,
  mayMatchBelow,
  ListIndex,
  PathMatcher,
  pathTest,
} from "../../../compiler/globs/index.ts";
import { Report } from "../../../compiler/diagnostics/report.ts";

function listOf(globs: readonly string[], start = 0) {
  const report = new Report();
  const list = checkGlobList(
    {
      globs: globs.map((value, index) => ({
        value,
        span: { file: "p.yaml", start: start + index, end: start + index + 1 },
      })),
      span: { file: "p.yaml", start, end: start + 100 },
    },
    report,
    { left: 1_000 },
  );
  return { list, found: report.settle() };
}

test("the last glob that a path fits decides", () => {
  const { list } = listOf(["src/**", "!src/docs/**", "src/docs/api/**"]);
  const matcher = new PathMatcher(
    new ListIndex([list]),
    ["src/a.ts", "src/docs/x.md", "src/docs/api/y.md", "other"],
    {
      left: 100_000,
    },
  );
  expect(matcher.of(list).first.map(({ path, glob }) => [path, glob])).toEqual([
    ["src/a.ts", "src/**"],
    ["src/docs/api/y.md", "src/docs/api/**"],
  ]);
});

test("several lists are answered in one pass and do not disturb one another", () => {
  const one = listOf(["a/**"]).list;
  const two = listOf(["**", "!a/**"], 1_000).list;
  const matcher = new PathMatcher(new ListIndex([one, two, one]), ["a/x", "b/y"], { left: 100_000 });
  expect(matcher.of(one).first.map(({ path }) => path)).toEqual(["a/x"]);
  expect(matcher.of(two).first.map(({ path }) => path)).toEqual(["b/y"]);
});

test("only the first matches are kept and all are counted", () => {
  const { list } = listOf(["**"]);
  const paths = Array.from({ length: 500 }, (_, index) => `f${index}`);
  const match = new PathMatcher(new ListIndex([list]), paths, { left: 100_000 }).of(list);
  expect(match.total).toBe(500);
  expect(match.first).toHaveLength(20);
});

test("a spent work limit is reported instead of a wrong answer", () => {
  const { list } = listOf([`*?${"a".repeat(100)}b*`]);
  const matcher = new PathMatcher(new ListIndex([list]), ["a".repeat(3_000)], { left: 10_000 });
  expect(matcher.exhausted).toBe(true);
});

test("a list of exclusions alone is refused", () => {
  expect(listOf(["!docs/**"]).found.map(({ code }) => code)).toEqual(["DC1506"]);
  expect(listOf([]).found.map(({ code }) => code)).toEqual(["DC1506"]);
});

test("a wrong glob is reported at its own place, with its correction", () => {
  const [diagnostic] = listOf(["src/**", "/it's/*"]).found;
  expect(diagnostic).toMatchObject({
    code: "DC1505",
    span: { start: 1, end: 2 },
    fix: { edits: [{ newText: "'it''s/*'" }] },
  });
});

test("a single text is admitted by the same rule", () => {
  const { list } = listOf(["release/**", "!release/old/**"]);
  expect(listAdmits(list, "release/1.0", { left: 1_000 })).toBe(true);
  expect(listAdmits(list, "release/old/0.1", { left: 1_000 })).toBe(false);
  expect(listAdmits(list, "main", { left: 1_000 })).toBe(false);
});

test("a test for single paths follows the list and gives in when its work is spent", () => {
  const budget = { left: 100 };
  const test = pathTest(["docs/**", "(no glob", "!docs/api/**"], budget);
  expect(["docs/a.md", "docs/api/b.md", "src/a.ts"].map((path) => test(path))).toEqual([true, false, false]);
  budget.left = -1;
  expect(test("src/a.ts")).toBe(true);
});

test("a glob may match inside a submodule unless its fixed part leads elsewhere", () => {
  const reaches = (glob: string) => mayMatchBelow(listOf([glob]).list, "vendor/zlib", { left: 1_000 });
  expect(["vendor/zlib/**", "**/*.c", "vendor/*/src/*.c", "vendor/**"].map(reaches)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(["vendor/zlib", "vendor/*", "src/**", "vendor/png/**", "*"].map(reaches)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
});

test("globs that are harmless one by one are refused when together they stand for too many patterns", () => {
  const { found } = listOf(["a{0..249}", "b{0..249}", "c{0..249}", "d{0..249}", "e{0..249}", "f{0..249}"]);
  expect(found.map(({ code, span }) => [code, span?.start])).toEqual([["DC1502", 4]]);
});
