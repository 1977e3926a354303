import { expect, test } from "vitest";
import { Report } from "../../../compiler/diagnostics/report.ts";
import {
  type CheckedGlobList,
  checkGlobList,
  listAdmits,
  listContains,
} from "../../../compiler/globs/index.ts";

const span = { file: "f", start: 0, end: 0 };

function listOf(...globs: readonly string[]): CheckedGlobList {
  const list = { span, globs: globs.map((value) => ({ value, span })) };
  return checkGlobList(list, new Report(), { left: 10_000 });
}

const budget = () => ({ left: 1_000_000 });

test.each([
  ["**", "a"],
  ["**", "a/**"],
  ["a/**", "a/b/**/c"],
  ["a/**", "a/**"],
  ["a/*", "a/*.ts"],
  ["**/*.ts", "a/b/*.ts"],
  ["**/*.ts", "**.ts"],
  ["{a,b}/**", "b/c"],
  ["*.ts", "x*.ts"],
])("%s holds all of %s", (outer, inner) => {
  expect(listContains(listOf(outer), listOf(inner), budget())).toBe(true);
});

test.each([
  ["a/*", "a/**"],
  ["a/b", "a/*"],
  ["*.ts", "*.js"],
  ["a/**", "b/**"],
  ["**/*.ts", "a/**"],
  ["[ab]", "?"],
])("%s does not hold all of %s", (outer, inner) => {
  expect(listContains(listOf(outer), listOf(inner), budget())).toBe(false);
});

test("an exclusion in the outer list is never looked past, one in the inner list only narrows it", () => {
  expect(listContains(listOf("a/**", "!a/b"), listOf("a/c"), budget())).toBe(false);
  expect(listContains(listOf("a/**"), listOf("a/**", "!a/b"), budget())).toBe(true);
});

/** Every list of one or two globs over a small alphabet, held against every short path. */
test("what is said to be held is held by every path", () => {
  const parts = ["a", "b", "*", "**", "a*", "*b", "?"];
  const globs = [
    ...parts,
    ...parts.flatMap((one) => parts.map((other) => `${one}/${other}`)),
    "a/**/b",
    "**/a/*",
    "*/a/**",
    "{a,b}/*",
    "a/{b,*}",
  ];
  const names = ["a", "b", "ab", "ba", "c"];
  const pairs = names.flatMap((one) => names.map((other) => `${one}/${other}`));
  const paths = [...names, ...pairs, ...pairs.flatMap((pair) => names.map((name) => `${pair}/${name}`))];
  const lists = globs.map((glob) => listOf(glob));
  const admitted = lists.map((list) => new Set(paths.filter((path) => listAdmits(list, path, budget()))));
  let held = 0;
  for (const [outer, outerList] of lists.entries()) {
    for (const [inner, innerList] of lists.entries()) {
      if (!listContains(outerList, innerList, budget())) continue;
      held += 1;
      const missing = [...(admitted[inner] ?? [])].filter((path) => !admitted[outer]?.has(path));
      expect(missing, `${globs[outer]} holds ${globs[inner]}`).toEqual([]);
    }
  }
  expect(held).toBeGreaterThan(300);
});
