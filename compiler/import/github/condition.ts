import { Report } from "../../diagnostics/report.ts";
import { type Expression, parseExpression } from "../../expressions/index.ts";
import type { YamlEntry } from "../../yaml/nodes.ts";
import { leftOut, noted, scalarText } from "../reader.ts";
import { converted, dottedOrNull, nowhere, type Scope } from "./expression.ts";

export interface ConvertedCondition {
  /** Undefined when there is none. */
  readonly condition: string | undefined;
  /** Whether it holds also when something before it failed. */
  readonly always: boolean;
  /** Jobs that must have succeeded, whatever became of the others. */
  readonly succeeded: ReadonlySet<string>;
  /** Where it means something else in rare cases. */
  readonly notes?: readonly string[] | undefined;
}

const NONE: ConvertedCondition = { condition: undefined, always: false, succeeded: new Set() };

/** An `if`. Null when it cannot be converted, which is then told: what it decides must not run. */
export function convertCondition(
  entry: YamlEntry | null,
  scope: Scope,
  report: Report,
): ConvertedCondition | null {
  if (entry === null) return NONE;
  const written = scalarText(entry.value) ?? "";
  const inner = /^\s*\$\{\{((?:(?!\}\}).)*)\}\}\s*$/s.exec(written)?.[1] ?? written;
  const found = inner.trim() === "" ? NONE : conditionOf(inner, scope);
  if (!("problem" in found)) {
    for (const note of found.notes ?? []) noted(report, entry.value.span, `In this condition, ${note}`);
    return found;
  }
  leftOut(
    report,
    entry.value.span,
    `This condition has no counterpart, and what it decides does not run: ${found.problem}`,
  );
  return null;
}

function conditionOf(source: string, scope: Scope): ConvertedCondition | { readonly problem: string } {
  const faults = new Report();
  const parsed = parseExpression(source, nowhere, faults);
  if (parsed === null) return { problem: faults.settle()[0]?.message ?? "it is no expression" };
  const succeeded = new Set<string>();
  const rest: Expression[] = [];
  let always = false;
  for (const part of conjuncts(parsed)) {
    const status = statusOf(part);
    const needed = succeededJob(part);
    if (status !== null) always ||= status === "always";
    else if (needed !== null) succeeded.add(needed);
    else rest.push(part);
  }
  const [first, ...others] = rest;
  if (first === undefined) return { condition: undefined, always, succeeded };
  const whole = others.reduce<Expression>(
    (left, right) => ({ kind: "binary", operator: "&&", left, right, span: left.span }),
    first,
  );
  const answer = converted(whole, scope, true);
  if ("problem" in answer) return answer;
  const condition = answer.text === "true" ? undefined : answer.text;
  return { condition, always, succeeded, notes: answer.notes };
}

function conjuncts(expression: Expression): readonly Expression[] {
  return expression.kind === "binary" && expression.operator === "&&"
    ? [...conjuncts(expression.left), ...conjuncts(expression.right)]
    : [expression];
}

/** `always()`, `success()` and `!cancelled()`; null for anything else. */
function statusOf(expression: Expression): "always" | "success" | null {
  if (expression.kind === "not") return isCall(expression.operand, ["cancelled"]) ? "always" : null;
  if (isCall(expression, ["always"])) return "always";
  return isCall(expression, ["success"]) ? "success" : null;
}

function isCall(expression: Expression, names: readonly string[]): boolean {
  return (
    expression.kind === "call" &&
    expression.arguments.length === 0 &&
    names.includes(expression.name.toLowerCase())
  );
}

/** The job of `needs.JOB.result == 'success'`. */
function succeededJob(expression: Expression): string | null {
  if (expression.kind !== "binary" || expression.operator !== "==") return null;
  const { left, right } = expression;
  const isSuccess = right.kind === "literal" && right.value === "success";
  return isSuccess ? (/^needs\.([\w-]+)\.result$/.exec(dottedOrNull(left) ?? "")?.[1] ?? null) : null;
}
