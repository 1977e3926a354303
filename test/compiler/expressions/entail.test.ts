import { expect, test } from "vitest";
import { Report } from "../../../compiler/diagnostics/report.ts";
import {
  entails,
  evaluateExpression,
  type Expression,
  parseExpression,
  type Value,
} from "../../../compiler/expressions/index.ts";

function read(text: string): Expression {
  const expression = parseExpression(text, (start, end) => ({ file: "f", start, end }), new Report());
  if (expression === null) throw new Error(`${text} is no expression`);
  return expression;
}

const ATOMS = [
  "a",
  "!a",
  "b",
  "k == 'x'",
  "k == 'y'",
  "k != 'x'",
  "'x' == k",
  "k in ['x', 'y']",
  "starts_with(k, 'x')",
  "true",
  "false",
];
const FORMS = [
  ...ATOMS,
  ...ATOMS.flatMap((one) => ATOMS.flatMap((other) => [`(${one}) && (${other})`, `(${one}) || (${other})`])),
];

/** Every world that the atoms can tell apart. */
const WORLDS: readonly ReadonlyMap<string, Value>[] = [true, false].flatMap((a) =>
  [true, false].flatMap((b) =>
    ["x", "y", "xz", "q"].map(
      (k) =>
        new Map<string, Value>([
          ["a", a],
          ["b", b],
          ["k", k],
        ]),
    ),
  ),
);

test("what is said to follow holds in every world in which the premise does", () => {
  const forms = FORMS.map((text) => {
    const expression = read(text);
    const holds = WORLDS.map((names) => evaluateExpression(expression, { names, files: [] }).value === true);
    return { text, expression, holds };
  });
  let proven = 0;
  for (const premise of forms) {
    for (const conclusion of forms) {
      if (!entails([premise.expression], conclusion.expression)) continue;
      proven += 1;
      const against = WORLDS.findIndex((_world, at) => premise.holds[at] && !conclusion.holds[at]);
      expect(against, `${premise.text} => ${conclusion.text}`).toBe(-1);
    }
  }
  expect(proven).toBeGreaterThan(1_000);
});

test.each([
  [["k == 'x'"], "starts_with(k, 'x')"],
  [["a && b"], "b"],
  [["a || b", "!a"], "a || b"],
  [["k in ['x', 'xz']"], "starts_with(k, 'x')"],
  [[], "1 == 1"],
])("%j gives %s", (premises, conclusion) => {
  expect(entails(premises.map(read), read(conclusion))).toBe(true);
});

test.each([
  [["k == 'x'"], "k == 'y'"],
  [["a"], "b"],
  [[], "!exists('a')"],
  [["a || b"], "a"],
])("%j does not give %s", (premises, conclusion) => {
  expect(entails(premises.map(read), read(conclusion))).toBe(false);
});

test("names that are known count", () => {
  expect(
    entails(
      [],
      read("vars.env == 'prod' && a"),
      new Map<string, Value>([
        ["vars.env", "prod"],
        ["a", true],
      ]),
    ),
  ).toBe(true);
});
