import { describe, expect, test } from "vitest";
import { isGlobProblem, matchesGlob, parseGlob } from "../../../compiler/globs/index.ts";

function matches(source: string, path: string): boolean {
  const glob = parseGlob(source);
  if (isGlobProblem(glob)) throw new Error(`${source}: ${glob.detail}`);
  return matchesGlob(glob, path, { left: 10_000_000 });
}

function code(source: string): string | null {
  const glob = parseGlob(source);
  return isGlobProblem(glob) ? glob.code : null;
}

describe("what a glob matches", () => {
  test.each([
    ["src/**", "src/a/b.ts", true],
    ["src/**", "src", true],
    ["src/**", "source/a.ts", false],
    ["src/*", "src/.hidden", true],
    ["src/*", "src/a/b", false],
    ["**/*.ts", "a.ts", true],
    ["**/*.ts", "x/y/a.ts", true],
    ["**/test/**/*.ts", "a/test/b/c/d.ts", true],
    ["./src/*.ts", "src/a.ts", true],
    ["a/**/**/**/b", "a/b", true],
    ["app/[slug]/page.tsx", "app/[slug]/page.tsx", true],
    ["app/[slug]/page.tsx", "app/s/page.tsx", true],
    ["app/\\(group\\)/*", "app/(group)/page.tsx", true],
    ["file{01..12}", "file07", true],
    ["file{01..12}", "file7", false],
    ["**", "a\nb/c d", true],
    ["*", "name\nwith newline", true],
    ["a?c", "a\udcffc", true],
    ["[!a]b", "ab", false],
    ["+page.*", "+page.svelte", true],
    ["@scope/*/x", "@scope/a/x", true],
  ])("%s against %j: %s", (glob, path, expected) => {
    expect(matches(glob, path)).toBe(expected);
  });
});

describe("what is no glob", () => {
  test.each([
    ["a".repeat(513), "DC1501"],
    ["*".repeat(4_096), "DC1501"],
    ["{1..200000}", "DC1502"],
    ["{a,b}".repeat(16), "DC1502"],
    ["{{a,b},{c,d}}".repeat(30), "DC1502"],
    ["[ab]".repeat(20), "DC1502"],
    ["+(a|aa)", "DC1503"],
    ["+(+(a))", "DC1503"],
    ["!(a)", "DC1503"],
    ["src/@(a|b)", "DC1503"],
    ["(a+)+", "DC1504"],
    ["a|b", "DC1504"],
    ["[ab]+", "DC1504"],
    ["{a,b}+", "DC1504"],
    ["[[:alpha:]]", "DC1504"],
    ["[z-a]", "DC1504"],
    ["{1..b}", "DC1504"],
    ["{..,b}", "DC1504"],
    ["{../x,y}", "DC1504"],
    ["./!a", "DC1504"],
    ["${a,b}", "DC1504"],
    ['a"b', "DC1504"],
    ["/abs", "DC1505"],
    ["../x", "DC1505"],
    ["a/../x", "DC1505"],
    ["C:\\x", "DC1505"],
    ["C:/x", "DC1505"],
    ["{a,/b}", "DC1505"],
    ["", "DC1506"],
    ["!", "DC1506"],
    ["./", "DC1506"],
    ["src/", "DC1506"],
    ["a//b", "DC1506"],
    ["a/./b", "DC1506"],
    ["[ab", "DC1507"],
    ["[]", "DC1507"],
    ["[a/b]", "DC1507"],
    ["{a,b", "DC1507"],
    ["a}", "DC1507"],
    ["src\\app", "DC1508"],
    ["a\\", "DC1508"],
  ])("%s is refused with %s", (glob, expected) => {
    expect(code(glob)).toBe(expected);
  });

  test("a certain correction is offered and is itself a glob", () => {
    expect(parseGlob("/src/*.ts")).toMatchObject({ instead: "src/*.ts" });
    expect(parseGlob("src/")).toMatchObject({ instead: "src/**" });
  });
});

describe("crafted globs stay cheap", () => {
  const hostile = [
    ["*a*a*a*a*a*a*b", "a".repeat(60)],
    [`${"*a".repeat(200)}b`, "a".repeat(4_000)],
    [`${"**/a/".repeat(60)}b`, "a/".repeat(1_000)],
    ["**/".repeat(150), "a/".repeat(2_000)],
    [`${"?".repeat(250)}*${"?".repeat(250)}b`, "a".repeat(4_000)],
  ] as const;

  test.each(hostile)("%s", (source, path) => {
    const glob = parseGlob(source.replace(/\/$/, ""));
    if (isGlobProblem(glob)) throw new Error(glob.detail);
    const budget = { left: Number.MAX_SAFE_INTEGER };
    matchesGlob(glob, path.replace(/\/$/, ""), budget);
    const work = Number.MAX_SAFE_INTEGER - budget.left;
    expect(work).toBeLessThanOrEqual(source.length * path.length + path.length + 1);
  });
});
