import type { Span } from "../../schemas/diagnostic.ts";
import { quote } from "../diagnostics/quote.ts";
import type { Report } from "../diagnostics/report.ts";
import { didYouMean, namesOf } from "../diagnostics/suggest.ts";
import { unreachable } from "../unreachable.ts";
import type { Expression } from "./ast.ts";
import { FUNCTIONS } from "./functions.ts";
import {
  ANY,
  BOOLEAN,
  describeType,
  isAssignable,
  listOf,
  NULL,
  NUMBER,
  optional,
  STRING,
  type Type,
  unite,
} from "./types.ts";

/**
 * The type of an expression in a scope of typed names. What it cannot mean is reported, once, at the
 * smallest part that is wrong; that part then counts as `any`, so that no second finding follows.
 */
export function checkExpression(expression: Expression, scope: Type, report: Report): Type {
  switch (expression.kind) {
    case "literal":
      return typeOfLiteral(expression.value);
    case "list": {
      const types = expression.items.map((item) => checkExpression(item, scope, report));
      return listOf(types.length === 0 ? ANY : types.reduce(unite));
    }
    case "name":
      return fieldType(scope, expression.name, expression.span, "", report);
    case "member":
      return checkMember(expression, scope, report);
    case "not":
      expectType(
        checkExpression(expression.operand, scope, report),
        BOOLEAN,
        expression.operand.span,
        report,
      );
      return BOOLEAN;
    case "binary":
      return checkBinary(expression, scope, report);
    case "call":
      return checkCall(expression, scope, report);
    default:
      return unreachable(expression);
  }
}

/** Reports when a value of one type stands where another is wanted. */
export function expectType(type: Type, wanted: Type, span: Span, report: Report): void {
  if (isAssignable(type, wanted)) return;
  const hint =
    type.kind === "optional" && isAssignable(type.of, wanted) ? "; give it a default with `??`" : "";
  report.add("DC1303", span, `Expected ${describeType(wanted)}, this is ${describeType(type)}${hint}`);
}

function typeOfLiteral(value: null | boolean | number | string): Type {
  if (value === null) return NULL;
  if (typeof value === "string") return STRING;
  return typeof value === "number" ? NUMBER : BOOLEAN;
}

function checkMember(expression: Extract<Expression, { kind: "member" }>, scope: Type, report: Report): Type {
  const owner = checkExpression(expression.object, scope, report);
  const { key } = expression;
  const keyType = checkExpression(key, scope, report);
  const object = owner.kind === "optional" ? owner.of : owner;
  const wrap = owner.kind === "optional" ? optional : (type: Type) => type;
  if (object.kind === "any") return ANY;
  if (object.kind === "map") {
    if (key.kind === "literal" && typeof key.value === "string") {
      return wrap(fieldType(object, key.value, key.span, pathOf(expression.object), report));
    }
    expectType(keyType, STRING, key.span, report);
    return ANY;
  }
  if (object.kind === "list") {
    expectType(keyType, NUMBER, key.span, report);
    return optional(object.of);
  }
  report.add("DC1303", expression.object.span, `${capital(describeType(owner))} has no members`);
  return ANY;
}

function fieldType(type: Type, name: string, span: Span, path: string, report: Report): Type {
  if (type.kind !== "map") return ANY;
  const known = type.fields.get(name) ?? type.rest;
  if (known) return known;
  const where = path === "" ? "Unknown name" : `\`${path}\` has no member`;
  report.add("DC1302", span, () => `${where} ${quote(name)}${didYouMean(name, namesOf(type.fields))}`);
  return ANY;
}

function checkBinary(expression: Extract<Expression, { kind: "binary" }>, scope: Type, report: Report): Type {
  const { operator, left, right } = expression;
  const leftType = checkExpression(left, scope, report);
  const rightType = checkExpression(right, scope, report);
  switch (operator) {
    case "&&":
    case "||":
      expectType(leftType, BOOLEAN, left.span, report);
      expectType(rightType, BOOLEAN, right.span, report);
      return BOOLEAN;
    case "??":
      return leftType.kind === "optional" || leftType.kind === "null"
        ? unite(leftType.kind === "optional" ? leftType.of : rightType, rightType)
        : leftType;
    case "==":
    case "!=":
      if (!mayBeEqual(leftType, rightType)) {
        const message = `${capital(describeType(leftType))} is never equal to ${describeType(rightType)}`;
        report.add("DC1303", expression.span, message);
      }
      return BOOLEAN;
    case "in":
      if (rightType.kind !== "map") expectType(rightType, listOf(ANY), right.span, report);
      return BOOLEAN;
    case "<":
    case "<=":
    case ">":
    case ">=": {
      const wanted = leftType.kind === "string" ? STRING : NUMBER;
      expectType(leftType, wanted, left.span, report);
      expectType(rightType, wanted, right.span, report);
      return BOOLEAN;
    }
    default:
      return unreachable(operator);
  }
}

function checkCall(expression: Extract<Expression, { kind: "call" }>, scope: Type, report: Report): Type {
  const types = expression.arguments.map((argument) => checkExpression(argument, scope, report));
  const { name } = expression;
  const called = FUNCTIONS.get(name);
  if (called === undefined) {
    report.add(
      "DC1304",
      expression.span,
      () => `There is no function ${quote(name)}${didYouMean(name, namesOf(FUNCTIONS))}`,
    );
    return ANY;
  }
  const { parameters, repeatsLast } = called;
  if (types.length < parameters.length || (types.length > parameters.length && !repeatsLast)) {
    const wanted = `${parameters.length}${repeatsLast ? " or more" : ""}`;
    report.add("DC1305", expression.span, `\`${name}\` takes ${wanted} arguments, not ${types.length}`);
    return called.result;
  }
  for (const [index, argument] of expression.arguments.entries()) {
    const wanted = parameters[Math.min(index, parameters.length - 1)] ?? ANY;
    expectType(types[index] ?? ANY, wanted, argument.span, report);
  }
  return called.result;
}

function mayBeEqual(a: Type, b: Type): boolean {
  const left = a.kind === "optional" ? a.of : a;
  const right = b.kind === "optional" ? b.of : b;
  if (left.kind === "any" || right.kind === "any") return true;
  if (left.kind === "null") return b.kind === "optional" || right.kind === "null";
  if (right.kind === "null") return a.kind === "optional";
  return left.kind === right.kind && left.kind !== "list" && left.kind !== "map";
}

/** `a.b.c` for a chain of names, for messages. */
export function pathOf(expression: Expression): string {
  if (expression.kind === "name") return expression.name;
  if (expression.kind !== "member") return "this value";
  const { key } = expression;
  const owner = pathOf(expression.object);
  return key.kind === "literal" && typeof key.value === "string" ? `${owner}.${key.value}` : `${owner}[…]`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
