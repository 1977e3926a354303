import type { Expression, Value, ValueMap } from "./ast.ts";
import { unreachable } from "../unreachable.ts";
import { evaluateExpression } from "./evaluate.ts";
import { dottedName } from "./names.ts";

/** Ways that conditions with `||` and `in` are taken apart; past it nothing is said to follow. */
const CASES_MAX = 64;

/** What these read is the commit's files, which nobody knows before there is a commit. */
const READ_FILES: ReadonlySet<string> = new Set(["exists", "hash_files"]);

/**
 * Whether `conclusion` holds whenever all of `premises` do. Says no when it cannot tell. `known` are names
 * whose values are certain, by their dotted path.
 */
export function entails(
  premises: readonly Expression[],
  conclusion: Expression,
  known: ReadonlyMap<string, Value> = new Map(),
): boolean {
  const cases = casesOf(premises);
  return cases !== null && cases.every((facts) => holdsIn(facts, conclusion, known));
}

/** The condition's opposite. */
export function negation(expression: Expression): Expression {
  return { kind: "not", operand: expression, span: expression.span };
}

/** The expression as text that is the same for the same meaning of its words, wherever it is written. */
function printed(expression: Expression): string {
  switch (expression.kind) {
    case "literal":
      return JSON.stringify(expression.value);
    case "name":
      return expression.name;
    case "member":
      return `${printed(expression.object)}[${printed(expression.key)}]`;
    case "list":
      return `[${expression.items.map(printed).join(",")}]`;
    case "not":
      return `!(${printed(expression.operand)})`;
    case "binary":
      return printedPair(expression);
    case "call":
      return `${expression.name}(${expression.arguments.map(printed).join(",")})`;
    default:
      return unreachable(expression);
  }
}

function printedPair({ operator, left, right }: Extract<Expression, { kind: "binary" }>): string {
  const sides = [printed(left), printed(right)];
  // `a == b` is `b == a`.
  return `(${(operator === "==" || operator === "!=" ? sides.sort() : sides).join(` ${operator} `)})`;
}

/** Each way in which all premises can hold at once, as facts without `&&`, `||` and `in`; null when there are too many. */
function casesOf(premises: readonly Expression[]): readonly (readonly Expression[])[] | null {
  let cases: readonly (readonly Expression[])[] = [[]];
  for (const premise of premises) {
    const ways = waysOf(premise);
    cases = cases.flatMap((facts) => ways.map((way) => [...facts, ...way]));
    if (cases.length > CASES_MAX) return null;
  }
  return cases;
}

function waysOf(premise: Expression): readonly (readonly Expression[])[] {
  if (premise.kind !== "binary") return [[premise]];
  const { operator, left, right, span } = premise;
  if (operator === "&&") {
    const rights = waysOf(right);
    return waysOf(left).flatMap((one) => rights.map((other) => [...one, ...other]));
  }
  if (operator === "||") return [...waysOf(left), ...waysOf(right)];
  if (operator === "in" && right.kind === "list" && right.items.length > 0)
    return right.items.map((item) => [{ kind: "binary", operator: "==", left, right: item, span }]);
  return [[premise]];
}

function holdsIn(
  facts: readonly Expression[],
  conclusion: Expression,
  known: ReadonlyMap<string, Value>,
): boolean {
  if (conclusion.kind === "binary" && conclusion.operator === "&&")
    return holdsIn(facts, conclusion.left, known) && holdsIn(facts, conclusion.right, known);
  const text = printed(conclusion);
  if (facts.some((fact) => printed(fact) === text)) return true;
  if (conclusion.kind === "binary" && conclusion.operator === "||")
    if (holdsIn(facts, conclusion.left, known) || holdsIn(facts, conclusion.right, known)) return true;
  return isTrueWith(valuesOf(facts, known), conclusion);
}

/** Names whose values the facts fix: `a == 'x'`, `a` and `!a`. */
function valuesOf(
  facts: readonly Expression[],
  known: ReadonlyMap<string, Value>,
): ReadonlyMap<string, Value> {
  const values = new Map(known);
  for (const fact of facts) {
    const [name, value] = equality(fact) ?? [];
    if (name !== undefined && value !== undefined) values.set(name, value);
  }
  return values;
}

function equality(fact: Expression): readonly [string, Value] | null {
  const name = dottedName(fact);
  if (name !== null) return [name, true];
  if (fact.kind === "not") {
    const operand = dottedName(fact.operand);
    return operand === null ? null : [operand, false];
  }
  if (fact.kind !== "binary" || fact.operator !== "==") return null;
  const { left, right } = fact;
  const [literal, other] = left.kind === "literal" ? [left, right] : [right, left];
  const named = dottedName(other);
  return literal.kind === "literal" && named !== null ? [named, literal.value] : null;
}

/** True only when every name that it reads has a value, and it is then true. */
function isTrueWith(values: ReadonlyMap<string, Value>, expression: Expression): boolean {
  if (readsFiles(expression)) return false;
  const { value, reads, problem } = evaluateExpression(expression, { names: nested(values), files: [] });
  return problem === null && value === true && reads.every(({ name }) => values.has(name));
}

function nested(values: ReadonlyMap<string, Value>): ValueMap {
  const names = new Map<string, Value>();
  for (const [path, value] of values) {
    const parts = path.split(".");
    const last = parts.pop() ?? path;
    let owner = names;
    for (const part of parts) {
      const inner = owner.get(part);
      const next = inner instanceof Map ? (inner as Map<string, Value>) : new Map<string, Value>();
      owner.set(part, next);
      owner = next;
    }
    owner.set(last, value);
  }
  return names;
}

function readsFiles(expression: Expression): boolean {
  switch (expression.kind) {
    case "literal":
    case "name":
      return false;
    case "list":
      return expression.items.some(readsFiles);
    case "member":
      return readsFiles(expression.object) || readsFiles(expression.key);
    case "not":
      return readsFiles(expression.operand);
    case "binary":
      return readsFiles(expression.left) || readsFiles(expression.right);
    case "call":
      return READ_FILES.has(expression.name) || expression.arguments.some(readsFiles);
    default:
      return unreachable(expression);
  }
}
