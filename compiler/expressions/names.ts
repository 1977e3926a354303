import { unreachable } from "../unreachable.ts";
import type { Expression } from "./ast.ts";

/** The longest dotted names that an expression reads. */
export function namesIn(expression: Expression): readonly string[] {
  const whole = dottedName(expression);
  if (whole !== null) return [whole];
  switch (expression.kind) {
    case "literal":
    case "name":
      return [];
    case "list":
      return expression.items.flatMap(namesIn);
    case "member":
      return [...namesIn(expression.object), ...namesIn(expression.key)];
    case "not":
      return namesIn(expression.operand);
    case "binary":
      return [...namesIn(expression.left), ...namesIn(expression.right)];
    case "call":
      return expression.arguments.flatMap(namesIn);
    default:
      return unreachable(expression);
  }
}

/** `pr.target` of an expression that is nothing but such a name; else null. */
export function dottedName(expression: Expression): string | null {
  if (expression.kind === "name") return expression.name;
  if (expression.kind !== "member" || expression.key.kind !== "literal") return null;
  const owner = dottedName(expression.object);
  return owner === null ? null : `${owner}.${String(expression.key.value)}`;
}
