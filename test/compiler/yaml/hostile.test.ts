import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Report } from "../../../compiler/diagnostics/report.ts";
import { parseYaml } from "../../../compiler/yaml/index.ts";
import type { YamlNode } from "../../../compiler/yaml/nodes.ts";

/** Processor time, not the clock's: a hang guard that a busy machine does not trip. Cases take far less. */
const CPU_MS_MAX = 2_000;

function withinCpu<Result>(run: () => Result): Result {
  const before = process.cpuUsage();
  const result = run();
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1_000).toBeLessThan(CPU_MS_MAX);
  return result;
}

function parse(text: string | Uint8Array) {
  const report = new Report();
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const node = parseYaml("p.yaml", bytes, report);
  return { node, diagnostics: report.settle(), codes: report.settle().map(({ code }) => code) };
}

const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join("\n");

const bomb = [
  "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]",
  ...Array.from(
    "bcdefghij",
    (name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghij"[index]}`).join(", ")}]`,
  ),
].join("\n");

const mergeBomb = `a: &a {${Array.from({ length: 4_000 }, (_, index) => `k${index}: 1`).join(", ")}}\nb:\n${"- { <<: *a }\n".repeat(9_000)}`;

describe("hostile text ends in a finding, soon", () => {
  test.each<[string, string | Uint8Array, string]>([
    ["nothing", "", "DC1002"],
    ["comments alone", "# a\n\n# b\n", "DC1002"],
    ["a document mark alone", "---\n", "DC1002"],
    ["ten megabytes", new Uint8Array(10_000_000).fill(97), "DC1003"],
    ["UTF-16", new Uint8Array([0xff, 0xfe, 0x61, 0x00]), "DC1004"],
    ["Latin-1", new Uint8Array([0x61, 0x3a, 0x20, 0xe9]), "DC1004"],
    ["a lone surrogate", new Uint8Array([0x61, 0xed, 0xa0, 0x80]), "DC1004"],
    ["a NUL", "a: \0", "DC1004"],
    ["three thousand open brackets", "[".repeat(3_000), "DC1006"],
    ["half a megabyte of open brackets", "[".repeat(500_000), "DC1006"],
    ["lists in lists on one line", "- ".repeat(1_000), "DC1006"],
    ["explicit keys in each other", "? ".repeat(1_000), "DC1006"],
    ["keys in keys on one line", ": ".repeat(1_000), "DC1006"],
    ["deep indentation", lines(500, (index) => `${" ".repeat(index)}a:`), "DC1006"],
    ["twenty thousand keys", lines(20_000, (index) => `k${index}: 1`), "DC1007"],
    [
      "twenty thousand keys in braces",
      `{${Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join(", ")}}`,
      "DC1007",
    ],
    ["an alias bomb", bomb, "DC1008"],
    ["a merge bomb", mergeBomb, "DC1008"],
    ["five thousand anchors", lines(5_000, (index) => `- &a${index} v`), "DC1008"],
    ["twenty thousand aliases", `- &a v\n${lines(20_000, () => "- *a")}`, "DC1008"],
    ["an alias inside its own anchor", "a: &a [*a]", "DC1009"],
    ["two documents after an end mark", "a: 1\n...\nb: 1\n", "DC1011"],
    ["a hundred thousand documents", "---\n".repeat(100_000), "DC1011"],
    ["a custom tag", "a: !foo b", "DC1014"],
    ["a binary tag", "a: !!binary aGk=", "DC1014"],
    ["a quarter of a million brackets", "{}".repeat(200_000), "DC1017"],
    ["nothing but commas", `[${",".repeat(400_000)}]`, "DC1017"],
    ["nothing but blank lines", `a:\n${"\n".repeat(400_000)} b`, "DC1017"],
    ["nothing but quotes", '"'.repeat(400_000), "DC1005"],
    ["anchors without values", "&a ".repeat(900), "DC1005"],
  ])("%s", (_name, text, code) => {
    expect(withinCpu(() => parse(text)).codes).toContain(code);
  });

  test("many depths one after the other do not exhaust the process", () => {
    for (let depth = 500; depth <= 2_000; depth += 20) {
      expect(parse("[".repeat(depth) + "]".repeat(depth)).codes).toEqual(["DC1006"]);
    }
  });

  test("a hopeless text gives at most twenty findings", () => {
    expect(parse('"'.repeat(1_000)).diagnostics.length).toBeLessThanOrEqual(20);
  });
});

describe("ordinary text", () => {
  test("a byte order mark is accepted and offsets count it", () => {
    const { node, codes } = parse("\ufeffa: 1");
    expect(codes).toEqual([]);
    expect(node?.kind === "map" && node.entries.get("a")?.keySpan).toEqual({
      file: "p.yaml",
      start: 1,
      end: 2,
    });
  });

  test("`__proto__` is a key like any other and touches no prototype", () => {
    const { node } = parse("__proto__: { polluted: true }\nconstructor: 1");
    expect(node?.kind === "map" && [...node.entries.keys()]).toEqual(["__proto__", "constructor"]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test("nesting of 64 is read, 65 is not", () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    expect(parse(nested(64)).codes).toEqual([]);
    expect(parse(nested(65)).codes).toEqual(["DC1006"]);
  });

  test("a merged map's own keys win, then the earlier source, and places stay", () => {
    const text = "x: &x { a: 1, b: 2 }\ny: &y { b: 3, c: 4 }\nz:\n  <<: [*x, *y]\n  a: 5\n";
    const { node } = parse(text);
    const z = node?.kind === "map" ? node.entries.get("z")?.value : undefined;
    const entries = z?.kind === "map" ? [...z.entries.values()] : [];
    const shown = entries.map(
      ({ key, value }) => `${key}=${text.slice(value.span.start, value.span.end)}@${value.span.start}`,
    );
    expect(shown.toSorted()).toEqual([
      `a=5@${text.indexOf("5")}`,
      `b=2@${text.indexOf("2")}`,
      `c=4@${text.indexOf("4")}`,
    ]);
  });

  test("tabs are allowed where YAML allows them", () => {
    expect(parse("a:\tb\nc: |\n  x\n  \ty\nd: [\n \t1 ]\n").codes).toEqual([]);
  });

  test("words that other versions of YAML read as booleans are text", () => {
    const { node } = parse("on: yes\noff: no\nn: 012");
    const values =
      node?.kind === "map"
        ? Array.from(node.entries.values(), ({ value }) => value.kind === "scalar" && value.value)
        : [];
    expect(values).toEqual(["yes", "no", 12]);
  });
});

describe("for any text", () => {
  const yamlish = fc
    .array(
      fc.constantFrom(
        "a",
        "b: ",
        "- ",
        "? ",
        ": ",
        "\n",
        "  ",
        "\t",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&x ",
        "*x ",
        "<<: ",
        "!t ",
        "'",
        '"',
        "|\n",
        ">-\n",
        "#c",
        "---\n",
        "...\n",
        "%Y 1\n",
        "\\",
        "\u2028",
        "é",
        "🙂",
        "\r",
      ),
      { maxLength: 60 },
    )
    .map((parts) => parts.join(""));

  test("the front end returns, and every span lies inside the text", () => {
    fc.assert(
      fc.property(yamlish, (text) => {
        const { node, diagnostics } = parse(text);
        const spans = [...diagnostics.map(({ span }) => span), ...(node ? spansOf(node) : [])];
        for (const span of spans) {
          if (span === null) continue;
          expect(span.start).toBeGreaterThanOrEqual(0);
          expect(span.start).toBeLessThanOrEqual(span.end);
          expect(span.end).toBeLessThanOrEqual(text.length + 1);
        }
        expect(node !== null || diagnostics.length > 0).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test("any JSON document reads as itself", () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 6 }).filter((value) => typeof value === "object" && value !== null),
        (value) => {
          const text = JSON.stringify(value).replace(/[\u007f-\u009f\ud800-\udfff\ufffe\uffff]/g, "x");
          const { node, codes } = parse(text);
          expect(codes.filter((code) => code !== "DC1018" && code !== "DC1016")).toEqual([]);
          if (codes.length === 0 && node) expect(plain(node)).toEqual(JSON.parse(text));
        },
      ),
      { numRuns: 300 },
    );
  });
});

function* spansOf(node: YamlNode): Generator<{ start: number; end: number }> {
  yield node.span;
  if (node.kind === "list") for (const item of node.items) yield* spansOf(item);
  if (node.kind === "map") {
    for (const { keySpan, value } of node.entries.values()) {
      yield keySpan;
      yield* spansOf(value);
    }
  }
}

function plain(node: YamlNode): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(plain);
  return Object.fromEntries(Array.from(node.entries, ([key, { value }]) => [key, plain(value)]));
}
