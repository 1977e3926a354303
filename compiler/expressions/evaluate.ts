import type { Span } from "../../schemas/diagnostic.ts";
import type { ValueRead } from "../../schemas/plan.ts";
import { unreachable } from "../unreachable.ts";
import type { Expression, Value, ValueMap } from "./ast.ts";
import { type CallContext, EvaluationProblem, FUNCTIONS } from "./functions.ts";
import { EVALUATION_COST_MAX } from "./limits.ts";
import { isList, isMap, isScalar, kindOf, shownRead } from "./values.ts";

/** All that an evaluation may see. Nothing of it is asked for before an expression reads it. */
export interface Scope {
  readonly names: Pick<ValueMap, "get">;
  readonly files: CallContext["files"];
}

export interface Evaluation {
  /** Null when there is a problem. */
  readonly value: Value;
  /** Every name that was read, in the order of reading, without repeats. */
  readonly reads: readonly ValueRead[];
  /** Why there is no value; it fits into the sentence "cannot be worked out: ...". */
  readonly problem: { readonly span: Span; readonly message: string } | null;
}

/** Works an expression out. Total: it always ends, within EVALUATION_COST_MAX, and never throws for what a user wrote. */
export function evaluateExpression(expression: Expression, scope: Scope): Evaluation {
  const reads = new Map<string, ValueRead>();
  const worked = valueOf(expression, scope, reads);
  return { ...worked, reads: [...reads.values()] };
}

/** The same for whoever does not ask what was read; `reads` is where that is kept. */
export function valueOf(
  expression: Expression,
  scope: Scope,
  reads: Map<string, ValueRead> | null = null,
): Pick<Evaluation, "value" | "problem"> {
  const evaluator = new Evaluator(scope, reads);
  try {
    return { value: evaluator.evaluate(expression), problem: null };
  } catch (error) {
    if (!(error instanceof EvaluationProblem)) throw error;
    return {
      value: null,
      problem: { span: evaluator.span ?? expression.span, message: error.message },
    };
  }
}

class Evaluator {
  readonly #scope: Scope;
  readonly #reads: Map<string, ValueRead> | null;
  #cost = 0;
  /** What the value that was followed last is called; null where nobody asks, and when it has no name. */
  #path: string | null = null;
  /** The part under evaluation, so that a problem has a place. */
  span: Span | null = null;

  constructor(scope: Scope, reads: Map<string, ValueRead> | null) {
    this.#scope = scope;
    this.#reads = reads;
  }

  /** Made when a function is called; most expressions call none. */
  get #context(): CallContext {
    const scope = this.#scope;
    return {
      get files() {
        return scope.files;
      },
      spend: (cost) => this.#spend(cost),
    };
  }

  evaluate(expression: Expression): Value {
    this.#spend(1);
    switch (expression.kind) {
      case "literal":
        return expression.value;
      case "list":
        return expression.items.map((item) => this.evaluate(item));
      case "name":
      case "member": {
        const value = this.#follow(expression);
        const path = this.#path;
        if (path !== null) this.#reads?.set(path, { name: path, value: shownRead(value) });
        return value;
      }
      case "not":
        return !this.#boolean(expression.operand);
      case "binary":
        return this.#binary(expression);
      case "call":
        return this.#call(expression);
      default:
        return unreachable(expression);
    }
  }

  /** Follows `a.b[c]` to its value; `#path` names it as long as it starts at a name. */
  #follow(expression: Expression): Value {
    if (expression.kind === "name") {
      this.#path = this.#reads && expression.name;
      return this.#scope.names.get(expression.name) ?? null;
    }
    if (expression.kind !== "member") {
      const value = this.evaluate(expression);
      this.#path = null;
      return value;
    }
    this.#spend(1);
    const owner = this.#follow(expression.object);
    const path = this.#path;
    const key = this.evaluate(expression.key);
    this.span = expression.span;
    this.#path = path === null ? null : `${path}.${isScalar(key) ? String(key) : ""}`;
    return member(owner, key);
  }

  #binary(expression: Extract<Expression, { kind: "binary" }>): Value {
    const { operator, left, right } = expression;
    switch (operator) {
      case "&&":
        return this.#boolean(left) && this.#boolean(right);
      case "||":
        return this.#boolean(left) || this.#boolean(right);
      case "??":
        return this.evaluate(left) ?? this.evaluate(right);
      case "==":
        return isSame(this.evaluate(left), this.evaluate(right));
      case "!=":
        return !isSame(this.evaluate(left), this.evaluate(right));
      case "in": {
        const item = this.evaluate(left);
        return this.#isIn(item, this.evaluate(right), expression.span);
      }
      case "<":
      case "<=":
      case ">":
      case ">=": {
        const a = this.evaluate(left);
        const b = this.evaluate(right);
        this.span = expression.span;
        return holds(operator, order(a, b));
      }
      default:
        return unreachable(operator);
    }
  }

  #isIn(item: Value, within: Value, span: Span): boolean {
    if (isMap(within)) return typeof item === "string" && within.has(item);
    this.span = span;
    if (!isList(within))
      throw new EvaluationProblem(`\`in\` looks into a list or a map, not ${kindOf(within)}`);
    this.#spend(within.length);
    return within.includes(item);
  }

  #boolean(expression: Expression): boolean {
    const value = this.evaluate(expression);
    if (typeof value === "boolean") return value;
    this.span = expression.span;
    throw new EvaluationProblem(`a boolean was expected, not ${kindOf(value)}`);
  }

  #call(expression: Extract<Expression, { kind: "call" }>): Value {
    const values = expression.arguments.map((argument) => this.evaluate(argument));
    this.span = expression.span;
    const called = FUNCTIONS.get(expression.name);
    if (called === undefined) throw new EvaluationProblem(`there is no function \`${expression.name}\``);
    return called.call(values, this.#context);
  }

  #spend(cost: number): void {
    this.#cost += cost;
    if (this.#cost > EVALUATION_COST_MAX) throw new EvaluationProblem("it takes too much work");
  }
}

function member(owner: Value, key: Value): Value {
  if (isMap(owner)) return typeof key === "string" ? (owner.get(key) ?? null) : null;
  if (isList(owner)) return typeof key === "number" ? (owner[key] ?? null) : null;
  if (owner === null) return null;
  throw new EvaluationProblem(`${kindOf(owner)} has no members`);
}

/** Scalars are equal when kind and value are; a list or a map equals nothing. */
function isSame(a: Value, b: Value): boolean {
  return isScalar(a) && a === b;
}

function order(a: Value, b: Value): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  throw new EvaluationProblem(`${kindOf(a)} and ${kindOf(b)} have no order`);
}

function holds(operator: "<" | "<=" | ">" | ">=", order: number): boolean {
  switch (operator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    default:
      return unreachable(operator);
  }
}
