import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Report } from "../../../compiler/diagnostics/report.ts";
import { parseYaml } from "../../../compiler/yaml/index.ts";
import type { YamlNode } from "../../../compiler/yaml/nodes.ts";

function parse(text: string | Uint8Array) {
  const report = new Report();
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const node = parseYaml("p.yaml", bytes, report);
  return { node, diagnostics: report.settle(), codes: report.settle().map(({ code }) => code) };
}

describe("hostile text ends in a finding, soon", () => {
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
      // Compared with another reader, so always over the same documents.
      { numRuns: 300, seed: 300 },
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
