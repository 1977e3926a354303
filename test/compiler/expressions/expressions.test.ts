import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Report } from "../../../compiler/diagnostics/report.ts";
import {
  checkExpression,
  type Evaluation,
  evaluateExpression,
  listOf,
  mapOf,
  NUMBER,
  optional,
  parseExpression,
  STRING,
  type Value,
} from "../../../compiler/expressions/index.ts";

const names = new Map<string, Value>([
  ["ref", new Map([["name", "release/1.2"]])],
  ["n", 3],
  ["list", [1, 2, 3]],
  ["pr", new Map([["number", null]])],
]);
const types = mapOf({
  ref: mapOf({ name: STRING }),
  n: NUMBER,
  list: listOf(NUMBER),
  pr: mapOf({ number: optional(NUMBER) }),
});
const files = [
  { path: "package-lock.json", blob: "aa" },
  { path: "src/main.ts", blob: "bb" },
];

function parse(source: string, report = new Report()) {
  return parseExpression(source, (start, end) => ({ file: "f", start, end }), report);
}

function evaluate(source: string): Evaluation {
  const expression = parse(source);
  if (expression === null) throw new Error(`not an expression: ${source}`);
  return evaluateExpression(expression, { names, files });
}

describe("values", () => {
  test.each<[string, Value]>([
    ["true && !false", true],
    ["true || n == 'x'", true],
    ["1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3", true],
    ["-1 < 0.5", true],
    ["'a' < 'b'", true],
    ["n == 3 && n != 4", true],
    ["'it''s' == \"it's\"", true],
    ["(true || false) && false", false],
    ["true || false && false", true],
    ["pr.number ?? 7", 7],
    ["pr.number == null", true],
    ["n in [1, 2, 3]", true],
    ["'name' in ref", true],
    ["list[1]", 2],
    ["list[9] ?? 'none'", "none"],
    ["ref['name']", "release/1.2"],
    ["contains('abc', 'b')", true],
    ["contains(list, 2)", true],
    ["contains(list, '2')", false],
    ["starts_with(ref.name, 'release/')", true],
    ["ends_with(ref.name, '.2')", true],
    ["glob('release/**', ref.name)", true],
    ["glob('main', ref.name)", false],
    ["semver('22.3.1', '>=20 <23 || ^24')", true],
    ["semver('1.2.3-rc.1', '^1.2.0')", false],
    ["join(list, '+')", "1+2+3"],
    ["lower('ABC') == 'abc' && upper('abc') == 'ABC'", true],
    ["to_json(list)", "[1,2,3]"],
    ['from_json(\'{"a": [1, {"b": true}]}\').a[1].b', true],
    ["from_json('{\"__proto__\": 1}').__proto__", 1],
    ["exists('src/*.ts')", true],
    ["exists('src/*.js')", false],
    ["hash_files('nothing')", ""],
  ])("%s is %j", (source, value) => {
    expect(evaluate(source)).toMatchObject({ value, problem: null });
  });

  test("hash_files depends on paths and blobs, not on the order of files", () => {
    const expression = parse("hash_files('**/*.json', '**/*.ts')");
    const hash = (of: typeof files) =>
      expression && evaluateExpression(expression, { names, files: of }).value;
    expect(hash(files)).toMatch(/^[0-9a-f]{64}$/);
    expect(hash(files.toReversed())).toBe(hash(files));
    expect(hash([{ path: "package-lock.json", blob: "cc" }])).not.toBe(hash(files));
  });

  test("every name that was read is told with its value, and no other", () => {
    expect(evaluate("n == 4 && ref.name == 'x'").reads).toEqual([{ name: "n", value: 3 }]);
    expect(evaluate("ref.name == 'x' || contains(list, 9)").reads).toEqual([
      { name: "ref.name", value: "release/1.2" },
      { name: "list", value: "a list of 3" },
    ]);
  });
});

describe("what has no value ends in a problem", () => {
  test.each([
    ["from_json('{')", "not JSON"],
    ["from_json('1') && true", "a boolean was expected"],
    ["semver('one', '^1')", "not a version"],
    ["semver('1.0.0', 'sometimes')", "not a version range"],
    ["glob('+(a)', 'a')", "the glob"],
    ["from_json('[]') < 1", "have no order"],
    ["join(from_json('[[1]]'), ',')", "one item is a list"],
  ])("%s", (source, message) => {
    const { value, problem } = evaluate(source);
    expect(value).toBeNull();
    expect(problem?.message).toContain(message);
  });

  test("work is limited", () => {
    const wide = new Map<string, Value>([["list", Array.from({ length: 200_000 }, (_, index) => index)]]);
    const expression = parse(Array(20).fill("contains(list, -1)").join(" || "));
    const evaluation = expression && evaluateExpression(expression, { names: wide, files: [] });
    expect(evaluation?.problem?.message).toContain("too much work");
  });

  test("texts cannot grow without bound", () => {
    const long = new Map<string, Value>([["list", Array.from({ length: 70_000 }, () => "x")]]);
    const expression = parse("join(list, '')");
    const evaluation = expression && evaluateExpression(expression, { names: long, files: [] });
    expect(evaluation?.problem?.message).toContain("longer than");
  });
});

describe("limits of the text", () => {
  test.each([
    ["too many characters", `'${"x".repeat(5_000)}' == 'x'`, "DC1307"],
    ["too many brackets", "(".repeat(5) + "(".repeat(30), "DC1301"],
    ["a thousand negations", `${"!".repeat(1_000)}true`, "DC1301"],
  ])("%s", (_name, source, code) => {
    const report = new Report();
    expect(parse(source, report)).toBeNull();
    expect(report.settle().map((one) => one.code)).toEqual([code]);
  });

  test("a long chain is fine", () => {
    expect(evaluate(Array(600).fill("true").join("&&")).value).toBe(true);
  });
});

const word = fc.constantFrom(
  "ref",
  "name",
  "n",
  "list",
  "pr",
  "number",
  "true",
  "false",
  "null",
  "'x'",
  "1",
  "contains",
  "join",
  "from_json",
  "glob",
  "in",
  "==",
  "!=",
  "<",
  ">=",
  "&&",
  "||",
  "??",
  "!",
  "(",
  ")",
  "[",
  "]",
  ".",
  ",",
  " ",
  "$",
  "'",
  '"',
);

describe("for any text", () => {
  test("parsing, checking and evaluating end without an exception, and findings lie inside the text", () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        const source = words.join("");
        const report = new Report();
        const expression = parse(source, report);
        if (expression === null) {
          expect(report.settle()).toHaveLength(1);
        } else {
          checkExpression(expression, types, report);
          evaluateExpression(expression, { names, files });
        }
        for (const { span } of report.settle()) {
          expect(span?.start).toBeLessThanOrEqual(span?.end ?? -1);
          expect(span?.end).toBeLessThanOrEqual(source.length);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  const expressionText = fc.letrec((tie) => ({
    boolean: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom("true", "false", "ref.name == 'x'", "n < 3"),
      fc
        .tuple(tie("boolean"), fc.constantFrom("&&", "||"), tie("boolean"))
        .map((parts) => `(${parts.join(" ")})`),
      tie("boolean").map((inner) => `!(${String(inner)})`),
      fc
        .tuple(tie("number"), fc.constantFrom("<", "==", ">="), tie("number"))
        .map((parts) => `(${parts.join(" ")})`),
    ),
    number: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom("0", "1.5", "n"),
      tie("number").map((inner) => `(pr.number ?? ${String(inner)})`),
    ),
  })).boolean;

  test("what the checker accepts as a boolean evaluates to one", () => {
    fc.assert(
      fc.property(expressionText, (source) => {
        const report = new Report();
        const expression = parse(source, report);
        const type = expression && checkExpression(expression, types, report);
        expect(report.settle()).toEqual([]);
        expect(type?.kind).toBe("boolean");
        expect(typeof evaluate(source).value).toBe("boolean");
      }),
      { numRuns: 500 },
    );
  });
});
