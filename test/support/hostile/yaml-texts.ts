import { type HostileText, lines, list } from "./hostile-case.ts";

const bomb = [
  `a: &a [${list(9, () => "1")}]`,
  ...Array.from("bcdefghij", (name, index) => {
    const before = "abcdefghij"[index];
    return `${name}: &${name} [${list(9, () => `*${before}`)}]`;
  }),
].join("\n");
const blockBomb = [
  `a: &a\n${lines(9, () => "- 1")}`,
  ...Array.from("bcdefghij", (name, index) => {
    const before = "abcdefghij"[index];
    return `${name}: &${name}\n${lines(9, () => `- *${before}`)}`;
  }),
].join("\n");
const mergeBomb = `a: &a {${list(4_000, (index) => `k${index}: 1`)}}\nb:\n${"- { <<: *a }\n".repeat(9_000)}`;

/** Bytes that no YAML reader should be given as they are. */
export const HOSTILE_YAML: readonly HostileText[] = [
  { name: "Y1 nothing", text: "", code: "DC1002" },
  { name: "Y1 comments alone", text: "# a\n\n# b\n", code: "DC1002" },
  { name: "Y1 a document mark alone", text: "---\n", code: "DC1002" },
  { name: "Y2 ten megabytes", text: new Uint8Array(10_000_000).fill(97), code: "DC1003", before: 1 },
  { name: "Y3 three thousand open brackets", text: "[".repeat(3_000), code: "DC1006", before: 65 },
  { name: "Y3 half a megabyte of open brackets", text: "[".repeat(500_000), code: "DC1006", before: 65 },
  { name: "Y3 lists in lists on one line", text: "- ".repeat(1_000), code: "DC1006", before: 130 },
  { name: "Y3 explicit keys in each other", text: "? ".repeat(1_000), code: "DC1006", before: 130 },
  { name: "Y3 keys in keys on one line", text: ": ".repeat(1_000), code: "DC1006", before: 130 },
  {
    name: "Y3 deep indentation",
    text: lines(500, (index) => `${" ".repeat(index)}a:`),
    code: "DC1006",
    before: 2_500,
  },
  { name: "Y4 an alias bomb", text: bomb, code: "DC1008" },
  { name: "Y4 an alias bomb without brackets", text: blockBomb, code: "DC1008" },
  { name: "Y4 a merge bomb", text: mergeBomb, code: "DC1008", before: 45_000 },
  {
    name: "Y4 five thousand anchors",
    text: lines(5_000, (i) => `- &a${i} v`),
    code: "DC1008",
    before: 11_000,
  },
  {
    name: "Y4 twenty thousand aliases",
    text: `- &a v\n${lines(9_000, () => "- [*a, *a]")}`,
    code: "DC1008",
    before: 60_000,
  },
  { name: "Y5 an alias inside its own anchor", text: "a: &a [*a]", code: "DC1009" },
  {
    name: "Y6 twenty thousand keys",
    text: lines(20_000, (index) => `k${index}: 1`),
    code: "DC1007",
    before: 90_000,
  },
  {
    name: "Y6 twenty thousand keys in braces",
    text: `{${list(20_000, (index) => `k${index}: 1`)}}`,
    code: "DC1007",
    before: 100_000,
  },
  { name: "Y8 a key twice", text: "image: a\nimage: b", code: "DC1018" },
  { name: "Y10 a tab in the indentation", text: "a:\n\tb: 1", code: "DC1012" },
  { name: "Y11 two documents", text: "a: 1\n---\nb: 1\n", code: "DC1011" },
  { name: "Y11 two documents after an end mark", text: "a: 1\n...\nb: 1\n", code: "DC1011" },
  { name: "Y11 forty thousand documents", text: "---\n".repeat(40_000), code: "DC1011", before: 8 },
  { name: "Y12 a function", text: "a: !!js/function b", code: "DC1014" },
  { name: "Y12 a custom tag", text: "a: !foo b", code: "DC1014" },
  { name: "Y12 a binary tag", text: "a: !!binary aGk=", code: "DC1014" },
  { name: "Y15 UTF-16", text: new Uint8Array([0xff, 0xfe, 0x61, 0x00]), code: "DC1004" },
  { name: "Y15 Latin-1", text: new Uint8Array([0x61, 0x3a, 0x20, 0xe9]), code: "DC1004" },
  { name: "Y15 a lone surrogate", text: new Uint8Array([0x61, 0xed, 0xa0, 0x80]), code: "DC1004" },
  { name: "Y15 a NUL", text: "a: \0", code: "DC1004" },
  { name: "a directive", text: "%YAML 1.1\n---\na: 1", code: "DC1015" },
  { name: "a quarter of a million brackets", text: "{}".repeat(200_000), code: "DC1005", before: 3 },
  { name: "nothing but commas", text: `[${",".repeat(400_000)}]`, code: "DC1005", before: 2 },
  { name: "nothing but quotes", text: '"'.repeat(400_000), code: "DC1005", before: 3 },
  { name: "anchors without values", text: "&a ".repeat(900), code: "DC1005" },
  {
    name: "a list of two hundred thousand",
    text: `[${"1,".repeat(200_000)}]`,
    code: "DC1007",
    before: 20_010,
  },
  {
    name: "a quarter of a million words",
    text: lines(6_000, () => `- [${Array(20).fill("1").join(",")}]`),
    code: "DC1017",
    bound: "whole",
  },
  { name: "nothing but blank lines", text: `a:\n${"\n".repeat(400_000)} b`, code: "DC1017", before: 50_004 },
  { name: "nothing but comments", text: "# a\n".repeat(120_000), code: "DC1017", before: 200_001 },
  { name: "nothing but document marks", text: "---\n".repeat(100_000), code: "DC1017", before: 200_001 },
];
