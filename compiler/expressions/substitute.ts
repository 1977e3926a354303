import { unreachable } from "../unreachable.ts";
import type { Expression } from "./ast.ts";

/**
 * The expression with `name.key` replaced by the values known for it. What is not known stays, and so
 * does every place.
 */
export function substitute(
  expression: Expression,
  name: string,
  values: ReadonlyMap<string, string | number | boolean | null>,
): Expression {
  const inside = (part: Expression): Expression => substitute(part, name, values);
  switch (expression.kind) {
    case "literal":
    case "name":
      return expression;
    case "list":
      return { ...expression, items: expression.items.map(inside) };
    case "not":
      return { ...expression, operand: inside(expression.operand) };
    case "binary":
      return { ...expression, left: inside(expression.left), right: inside(expression.right) };
    case "call":
      return { ...expression, arguments: expression.arguments.map(inside) };
    case "member": {
      const { object, key, span } = expression;
      const isNamed = object.kind === "name" && object.name === name && key.kind === "literal";
      const value = isNamed ? values.get(String(key.value)) : undefined;
      if (value !== undefined) return { kind: "literal", value, span };
      return { ...expression, object: inside(object), key: inside(key) };
    }
    default:
      return unreachable(expression);
  }
}
