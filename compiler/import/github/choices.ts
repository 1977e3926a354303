import type { Expression } from "../../expressions/index.ts";
import { literal } from "../emit.ts";
import type { Known } from "./known.ts";

/**
 * `a && 'x' || b && 'y' || 'z'`: the text of the first condition that holds, or else the last one. Null for anything
 * else. `truth` is a value as a condition of ours.
 */
export function chosenText(
  expression: Expression,
  write: (part: Expression) => Known,
  truth: (value: Known) => string,
): Known | null {
  const sides = alternatives(expression);
  const last = sides.pop();
  const given = sides.map((side) => {
    if (side.kind !== "binary" || side.operator !== "&&") return null;
    const value = write(side.right);
    return value.type === "string" && value.fixed !== undefined
      ? { condition: side.left, text: value.fixed }
      : null;
  });
  const known = given.flatMap((one) => one ?? []);
  if (last === undefined || known.length === 0 || known.length < given.length) return null;
  const otherwise = write(last);
  if (otherwise.type !== "string") return null;
  // An empty text counts as nothing there, and the next one is asked.
  return known
    .filter(({ text }) => text !== "")
    .reduceRight<Known>((rest, { condition, text }) => {
      const holds = truth(write(condition));
      if (holds === "false") return rest;
      if (holds === "true") return { text: literal(text), type: "string", fixed: text };
      const texts = literal(JSON.stringify({ true: text }));
      return { text: `(from_json(${texts})[to_json(${holds})] ?? ${rest.text})`, type: "string" };
    }, otherwise);
}

function alternatives(expression: Expression): Expression[] {
  return expression.kind === "binary" && expression.operator === "||"
    ? [...alternatives(expression.left), ...alternatives(expression.right)]
    : [expression];
}
