import { globSync, readFileSync } from "node:fs";
import { array, assert, constantFrom, oneof, property, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import { Report } from "../../../compiler/diagnostics/report.ts";
import { parseText, parseYaml } from "../../../compiler/yaml/index.ts";
import { ALIASES_MAX, ANCHORS_MAX, LIST_ITEMS_MAX, MAP_KEYS_MAX } from "../../../compiler/yaml/limits.ts";
import { PIPELINE_ORIGIN } from "../../../compiler/yaml/nodes.ts";
import { readOrdinary } from "../../../compiler/yaml/ordinary.ts";

const FILE = "pipeline.yaml";

/** True when the text was read without the parser; then it has to be what the parser makes of it, without a finding. */
function isReadAlike(text: string): boolean {
  const node = readOrdinary(FILE, text, PIPELINE_ORIGIN);
  if (node === null || node.kind === "too many") return false;
  const report = new Report();
  expect(node, text).toStrictEqual(parseText(FILE, text, PIPELINE_ORIGIN, report));
  expect(report.settle(), text).toEqual([]);
  return true;
}

const ORDINARY = [
  "a: 1\nb: -0.5\nc: ~\nd: true\ne: \"q\\n\\\"x\\\"\"\nf: 'it''s'\ng: plain words, [not] a list\nh: a#b c:d\n",
  "a:\n- x\n- y: 1\n  z: [1, 'two', {k: v, l: []}]\nb: {}\n",
  "# top\n\na: # said of a\n  b: v # said of b\n\n  # of c\n  c:\n    - - p\n      - q\n    -\n      r: s\n",
  "a: |\n\n  text\n   more\n\n  end\n\n\nb: |-\n  no newline\nc: |+\n  kept\nd: |\n  last line",
  "a:\nb:\n  c:\nd: 1",
  "{a: 1, b: [x, {c: 'd'}]}",
  "# top\n\n[a, {b: c}] # of the list\n\n# end\n",
  'version: 1.2.3\nday: 2026-01-02\ntime: 12:30\n"quoted": 007\n1: +5\n',
];

const LEFT_TO_THE_PARSER = [
  ["anchors", "a: &x 1\n"],
  ["aliases", "a: *x\n"],
  ["merge keys", "a:\n  <<: b\n"],
  ["tags", "a: !!str 1\n"],
  ["folded text", "a: >\n  b\n"],
  ["text over several lines", "a: b\n  c\n"],
  ["quotes over several lines", 'a: "b\n  c"\n'],
  ["a header with an indentation", "a: |2\n  b\n"],
  ["a doubled key", "a: 1\na: 2\n"],
  ["an explicit key", "? a\n: b\n"],
  ["a second document", "a: 1\n---\nb: 2\n"],
  ["a document's end", "a: 1\n...\n"],
  ["tabs", "a:\tb\n"],
  ["carriage returns", "a: b\r\nc: d\r\n"],
  ["a byte order mark", "\ufeffa: b\n"],
  ["rare numbers", "a: 0x1f\n"],
  ["rare escapes", 'a: "\\u0041"\n'],
  ["a flow collection over several lines", "a: [b,\n  c]\n"],
  ["a comma at the end", "a: [b, ]\n"],
  ["a comment that stands further right than what follows", "a:\n  b: 1\n  # of b\nc: 2\n"],
  ["wrong indentation", "a: 1\n b: 2\n"],
  ["a bracket that is not closed", "a: [b\n"],
  ["a lone scalar", "words\n"],
  ["nothing", ""],
] as const;

describe("what the ordinary reader reads", () => {
  test.each(ORDINARY)("is what the parser reads: %j", (text) => {
    expect(isReadAlike(text)).toBe(true);
  });

  test("is nearly every pipeline of the golden cases, but those about the rest of YAML", () => {
    const files = globSync("test/compiler/**/*.{yaml,yml}");
    expect(files.length).toBeGreaterThan(100);
    const left = files.filter((file) => !isReadAlike(readFileSync(file, "utf8")));
    expect(left.length).toBeLessThan(files.length / 5);
  });

  test.each(LEFT_TO_THE_PARSER)("is not %s", (_, text) => {
    expect(readOrdinary(FILE, text, PIPELINE_ORIGIN)).toBeNull();
  });

  test("is within the limits of the parser", () => {
    const deep = (depth: number) => `a: ${"[".repeat(depth)}${"]".repeat(depth)}\n`;
    expect(isReadAlike(deep(63))).toBe(true);
    expect(isReadAlike(deep(64))).toBe(false);
    expect(isReadAlike(`a: [${Array(10_000).fill("b").join(", ")}]\n`)).toBe(true);
    expect(isReadAlike(`a: [${Array(10_001).fill("b").join(", ")}]\n`)).toBe(false);
  });
});

describe("more than a text may have", () => {
  const times = (count: number, line: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => line(index)).join("");
  const keys = (count: number, indent: string): string =>
    times(count, (index) => `${indent}k${index}: [x]\n`);
  const pairs = (count: number): string =>
    Array.from({ length: count }, (_, index) => `k${index}: x`).join(", ");
  const words = (count: number): string => pairs(count).replaceAll(":", "-");
  const readByTheParser = [
    ["keys after one that is there twice", `k1: x\n${keys(MAP_KEYS_MAX, "")}`],
    ["as many keys as it may", keys(MAP_KEYS_MAX, "")],
    ["as many keys in braces as commas allow", `a: {${pairs(MAP_KEYS_MAX + 1)}}\n`],
    ["as many items in brackets as commas allow", `a: [${words(LIST_ITEMS_MAX + 1)}]\n`],
    ["as many aliases as it may", `a: &a v\nb:\n${times(ALIASES_MAX / 2, () => "- [*a, *a]\n")}`],
    ["aliases of a list in brackets", `a: &a [v]\nb:\n${times(ALIASES_MAX + 9, () => "- *a\n")}`],
    [
      "aliases of lists that grow",
      `a: &a [1, 1]\nb: &b [*a, *a]\n${times(ALIASES_MAX, (index) => `k${index}: *b\n`)}`,
    ],
    ["aliases after a merge key", `a: &a { b: c }\nd: { <<: *a }\ne:\n${times(ALIASES_MAX, () => "- *a\n")}`],
    ["aliases after a fault", `a: &a v\nb: *a c\nd:\n${times(ALIASES_MAX + 9, () => "- *a\n")}`],
    ["anchors of keys", times(ANCHORS_MAX + 9, (index) => `&a${index} k${index}: v\n`)],
    ["anchors of blocks", times(ANCHORS_MAX + 9, (index) => `- &a${index}\n  - v\n`)],
  ] as const;
  const readWithoutIt = [
    ["keys at the top", keys(MAP_KEYS_MAX + 1, "")],
    ["keys further in, with more behind", `a:\n  - b\n  - c:\n${keys(MAP_KEYS_MAX + 9, "      ")}d: e\n`],
    ["keys before a fault", `a:\n${keys(MAP_KEYS_MAX, "  ")}  b: 'c\n`],
    ["keys in braces", `a: {${pairs(MAP_KEYS_MAX + 9)}}\n`],
    ["keys in braces, with a comma at the end", `a: {${pairs(MAP_KEYS_MAX + 1)} , }\n`],
    ["keys in braces, with nothing around them", `{${pairs(MAP_KEYS_MAX + 9)}}\n`],
    ["items in brackets", `a: [${words(LIST_ITEMS_MAX + 2)}]\n`],
    ["items in brackets, with nothing around them", `[${words(LIST_ITEMS_MAX + 2)}`],
    ["keys after an anchor", `a: &a v\n${keys(MAP_KEYS_MAX, "")}`],
    ["anchors of words", times(ANCHORS_MAX + 9, (index) => `- &a${index} v\n`)],
    ["anchors of quotes in brackets", `a: [ ${times(ANCHORS_MAX + 9, (index) => `&a${index}  "v", `)}`],
    ["items of a list", `a:\n- &a v\n${times(LIST_ITEMS_MAX, () => "- *a # again\n")}b: c\n`],
    ["aliases of a list's items", `- &a v\n${times(ALIASES_MAX - 1, () => "- *a\n")}- [*a, *a]`],
    ["aliases in lists", `- &a 'v'\n${times(ALIASES_MAX, () => "- - [*a,*b]\n")}`],
    ["aliases in maps", `a: &a/~! 1\nb:\n${times(ALIASES_MAX, () => "- { k: *a/~!, l: *a/~! }\n")}`],
    ["aliases before a fault", `a: &a v\nb:\n${times(ALIASES_MAX, () => "- [*a, *a]\n")}- *a:b c\n`],
  ] as const;

  test.each([...readByTheParser, ...readWithoutIt])("is told as by the parser: %s", (_, text) => {
    const [own, parsers] = [new Report(), new Report()];
    parseYaml(FILE, Buffer.from(text), own);
    parseText(FILE, text, PIPELINE_ORIGIN, parsers);
    expect(own.settle()).toEqual(parsers.settle());
  });

  test.each(readWithoutIt)("is told before the parser is asked: %s", (_, text) => {
    expect(readOrdinary(FILE, text, PIPELINE_ORIGIN)).toMatchObject({ kind: "too many" });
  });
});

/** Bits of YAML that meet in every order; most texts are faulty, many are not. */
const BITS = [
  ...Array.from("#:-?|>[]{},&*!%@`'\"\\ \t\r~é\u00a0\u2028"),
  ..." #;: ;- ;\n;  \n;    ;- |\n;  - ;a;b: ;c: d;e: 'f'\n;g: \"h\" # i\n;\n# c\n;\n   # c\n".split(";"),
  ..."k: |\n  t\n;k: |-\n    t\n;k: |+\n t\n\n;null;-1;1.5;1e3;[a, b];{a: b};---;...".split(";"),
];
const INDENTED = array(
  tuple(
    constantFrom("", "  ", "    ", " ", "      "),
    constantFrom("- ", "- - ", "a: ", "b: ", "'c': ", "d:", "-", "# ", "", "- e: "),
    constantFrom(
      "",
      "x",
      "x # y",
      "'x' ",
      '"x"',
      "|",
      "|-",
      "|+",
      "[x, {y: z}]",
      "x: y",
      "1",
      "x#y",
      "~",
      "  ",
    ),
  ),
  { maxLength: 9 },
).map((lines) => lines.map((parts) => parts.join("")).join("\n"));

test("whatever the ordinary reader takes, the parser takes alike", () => {
  const texts = oneof(
    INDENTED,
    array(constantFrom(...BITS), { maxLength: 24 }).map((bits) => bits.join("")),
  );
  let read = 0;
  assert(
    property(texts, constantFrom("", "\n", "\nz: 1\n"), (text, end) => {
      if (isReadAlike(text + end)) read += 1;
    }),
    { numRuns: 4_000 },
  );
  expect(read).toBeGreaterThan(100);
});
