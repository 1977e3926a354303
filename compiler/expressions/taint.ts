import { unreachable } from "../unreachable.ts";
import type { Expression } from "./ast.ts";
import { pathOf } from "./check.ts";
import { FUNCTIONS } from "./functions.ts";

/**
 * Names whose text a stranger can choose: a branch may be called `$(curl …)`. Inside a script such a
 * text is code; as an environment variable it is data.
 */
const UNTRUSTED = [
  ["ref", "name"],
  ["ref", "full"],
  ["pr", "source"],
  ["pr", "target"],
  ["pr", "action"],
  ["changes", "paths"],
  ["component", "id"],
  ["component", "root"],
  ["inputs"],
];

/** The first untrusted name whose text can become part of the expression's value; null when there is none. */
export function untrustedName(
  expression: Expression,
): { readonly name: string; readonly expression: Expression } | null {
  switch (expression.kind) {
    case "literal":
    case "not":
      return null;
    case "list":
      return firstUntrusted(expression.items);
    case "name":
    case "member": {
      const chain = chainOf(expression);
      return UNTRUSTED.some((name) => mayOverlap(name, chain))
        ? { name: pathOf(expression), expression }
        : null;
    }
    case "binary":
      return expression.operator === "??" ? firstUntrusted([expression.left, expression.right]) : null;
    case "call":
      return FUNCTIONS.get(expression.name)?.result.kind === "boolean" || expression.name === "hash_files"
        ? null
        : firstUntrusted(expression.arguments);
    default:
      return unreachable(expression);
  }
}

function firstUntrusted(expressions: readonly Expression[]) {
  for (const expression of expressions) {
    const found = untrustedName(expression);
    if (found) return found;
  }
  return null;
}

/** Names from the root on; null for one that is computed, which may be any. */
function chainOf(expression: Expression): readonly (string | null)[] {
  if (expression.kind === "name") return [expression.name];
  if (expression.kind !== "member") return [];
  const { key } = expression;
  return [...chainOf(expression.object), key.kind === "literal" ? String(key.value) : null];
}

/** True when one of the two names is the other, or lies within it. */
function mayOverlap(name: readonly string[], chain: readonly (string | null)[]): boolean {
  return (
    chain.length > 0 &&
    chain.every((key, index) => key === null || index >= name.length || key === name[index])
  );
}
