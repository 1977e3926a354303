import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Glob,
  GlobIndex,
  isGlobProblem,
  matchesGlob,
  parseGlob,
} from "../../../compiler/globs/index.ts";

function glob(source: string): Glob {
  const parsed = parseGlob(source);
  if (isGlobProblem(parsed)) throw new Error(parsed.detail);
  return parsed;
}

const LONG = "a-name-that-is-longer-than-an-end.ts";
const part = fc.oneof(
  fc.constantFrom("a", "b", "*", "**", "*.ts", "a.*", "?", "[ab]", "{a,b}", "x.ts", "{a/**,b}"),
  fc.constantFrom(
    "a?*.ts",
    "x*s*",
    "*a*s",
    `${LONG.slice(0, 20)}*`,
    `*${LONG.slice(-20)}`,
    `?${LONG.slice(1)}`,
  ),
);
const globs = fc.array(
  fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => glob(parts.join("/"))),
  { minLength: 1, maxLength: 12 },
);
const name = fc.constantFrom(
  "a",
  "b",
  "x.ts",
  "a.js",
  ".ts",
  "c",
  "ab.ts",
  LONG,
  LONG.slice(0, 19),
  LONG.slice(-19),
);
const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/"));

test("the index finds exactly the globs that match one by one", () => {
  fc.assert(
    fc.property(globs, path, (globs, path) => {
      const budget = { left: Number.MAX_SAFE_INTEGER };
      const expected = globs.flatMap((glob, id) => (matchesGlob(glob, path, budget) ? [id] : []));
      expect(new GlobIndex(globs).match(path, budget)).toEqual(expected);
    }),
    { numRuns: 5_000 },
  );
});

test("names that are also properties of every object are ordinary names", () => {
  const index = new GlobIndex([glob("__proto__/**"), glob("**/constructor"), glob("*.toString")]);
  const budget = { left: 1_000 };
  expect(index.match("__proto__/constructor", budget)).toEqual([0, 1]);
  expect(index.match("x.toString", budget)).toEqual([2]);
  expect(index.match("valueOf", budget)).toEqual([]);
});
