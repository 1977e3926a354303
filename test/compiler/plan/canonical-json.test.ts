import serialize from "canonicalize";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../../../compiler/plan/canonical-json.ts";
import { compiled } from "../support/compiled.ts";

const key = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("10", "9", "01", "__proto__", "constructor", "", "\u20ac", "\r", "\ud83d\ude00"),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.string({ unit: "binary" }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value")),
    fc.dictionary(key, tie("value")),
  ),
}));

test("is what the reference writer of RFC 8785 writes", () => {
  fc.assert(
    fc.property(value, (any) => {
      expect(canonicalJson(any)).toBe(serialize(any));
    }),
    // Compared with another program, so always over the same values.
    { numRuns: 2_000, seed: 2_000 },
  );
});

test("whole numbers as keys are ordered as text", () => {
  expect(canonicalJson({ b: 1, "10": 2, "9": 3 })).toBe('{"10":2,"9":3,"b":1}');
});

test("`__proto__` is a key like any other", () => {
  expect(canonicalJson(JSON.parse('{"b":{"__proto__":{"a":1}},"a":0}'))).toBe(
    '{"a":0,"b":{"__proto__":{"a":1}}}',
  );
});

test.each([
  ["a text", { a: ["\ud800"] }],
  ["a key", { "\udfff": 1 }],
])("%s with half a surrogate pair has none", (_, bad) => {
  expect(canonicalJson(bad)).toBeNull();
});

test("a number that is not finite throws", () => {
  expect(() => canonicalJson({ a: Number.NaN })).toThrow();
});

test("half a surrogate pair written in a pipeline is replaced in its plan", () => {
  const { plan, canonical } = compiled(
    'version: 1\nname: x\njobs:\n  a: { env: { A: "\\uD800" }, steps: [make] }\n',
  );
  expect(plan?.jobs[0]?.env).toEqual({ A: "\ufffd" });
  expect(canonical).toContain('"A":"\ufffd"');
});
