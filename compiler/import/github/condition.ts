import { Report } from "../../diagnostics/report.ts";
import { type Expression, parseExpression } from "../../expressions/index.ts";
import type { YamlEntry } from "../../yaml/nodes.ts";
import { leftOut, noted, scalarText } from "../reader.ts";
import { converted, dottedOrNull, nowhere, type Scope } from "./expression.ts";
import type { LateScope } from "./late.ts";
import { failureTest, type LateTest, lateTest } from "./late-condition.ts";

export interface ConvertedCondition {
  /** Undefined when there is none. */
  readonly condition: string | undefined;
  /** Whether it holds also when something before it failed. */
  readonly always: boolean;
  /** Jobs that must have succeeded, whatever became of the others. */
  readonly succeeded: ReadonlySet<string>;
  /** Whether a need that was skipped is as good as one that succeeded. */
  readonly skippedOk?: boolean;
  /** Whether it holds only when something before it failed. */
  readonly failed?: boolean;
  /** What is decided when the job runs; all of it has to hold. */
  readonly late?: readonly LateTest[];
  /** Where it means something else in rare cases. */
  readonly notes?: readonly string[] | undefined;
}

/** What a condition is read with. Without `late`, nothing is known of what earlier steps and jobs did. */
export interface ConditionContext {
  readonly scope: Scope;
  readonly report: Report;
  readonly late?: LateScope;
  /** Whether it is that of a step, which can know whether one before it failed. */
  readonly isStep?: boolean;
}

const NONE: ConvertedCondition = { condition: undefined, always: false, succeeded: new Set() };

const JOB_AT_ONCE =
  "This is decided when the job starts: one that it keeps out does nothing, and is shown as one that succeeded";
const STEP_AT_ONCE =
  "This is decided when the step starts: one that it keeps out ends at once, and is shown as one that succeeded";

/** An `if`. Null when it cannot be converted, which is then told: what it decides must not run. */
export function convertCondition(
  entry: YamlEntry | null,
  { scope, report, late, isStep = false }: ConditionContext,
): ConvertedCondition | null {
  if (entry === null) return NONE;
  const written = scalarText(entry.value) ?? "";
  const inner = /^\s*\$\{\{((?:(?!\}\}).)*)\}\}\s*$/s.exec(written)?.[1] ?? written;
  const found = inner.trim() === "" ? NONE : conditionOf(inner, scope, late, isStep);
  if (!("problem" in found)) {
    if (found.late !== undefined) noted(report, entry.value.span, isStep ? STEP_AT_ONCE : JOB_AT_ONCE);
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

function conditionOf(
  source: string,
  scope: Scope,
  late: LateScope | undefined,
  isStep: boolean,
): ConvertedCondition | { readonly problem: string } {
  if (/\.labels\.\*/.test(source)) return { problem: "labels of a request are not known here" };
  const faults = new Report();
  const parsed = parseExpression(source.replaceAll("needs.*.result", ALL_NEEDS), nowhere, faults);
  if (parsed === null) return { problem: faults.settle()[0]?.message ?? "it is no expression" };
  const succeeded = new Set<string>();
  const rest: Expression[] = [];
  const refused = new Set<string>();
  const tests: LateTest[] = [];
  let always = false;
  let failed = false;
  for (const part of conjuncts(parsed)) {
    const status = statusOf(part, isStep);
    // A step does not wait for jobs: what it asks of them is asked when it starts.
    const needed = isStep ? null : succeededJob(part);
    const result = isStep ? null : refusedResult(part);
    if (result !== null) refused.add(result);
    else if (!isStep && late !== undefined && isCall(part, ["failure"])) {
      const test = failureTest(late);
      if ("problem" in test) return test;
      tests.push(test);
      always = true;
    } else if (!isStep && isNoFailure(part)) {
      refused.add("failure");
      always = true;
    } else if (status === "failed") failed = true;
    else if (status !== null) always ||= status === "always";
    else if (needed !== null) succeeded.add(needed);
    else if (late === undefined || !("problem" in converted(part, scope, true))) rest.push(part);
    else {
      const test = lateTest(part, scope, late, tests.length + 1);
      if ("problem" in test) return test;
      tests.push(test);
    }
  }
  if (always && refused.size > 0 && !refused.has("failure"))
    return { problem: "it asks how needed jobs ended, but not whether they failed" };
  // What was canceled counts as no success in either case.
  const isStrict = refused.has("failure") && refused.has("skipped");
  const status = {
    always: failed || (always && !isStrict),
    succeeded,
    skippedOk: refused.has("failure"),
    ...(failed ? { failed } : {}),
    ...(tests.length === 0 ? {} : { late: tests }),
  };
  const lateNotes = tests.flatMap(({ notes }) => notes);
  const [first, ...others] = rest;
  if (first === undefined) return { condition: undefined, ...status, notes: lateNotes };
  const whole = others.reduce<Expression>(
    (left, right) => ({ kind: "binary", operator: "&&", left, right, span: left.span }),
    first,
  );
  const answer = converted(whole, scope, true);
  if ("problem" in answer) return answer;
  const condition = answer.text === "true" ? undefined : answer.text;
  return { condition, ...status, notes: [...lateNotes, ...(answer.notes ?? [])] };
}

/** `needs.*.result` in a form that our grammar has. */
const ALL_NEEDS = "needs['*'].result";

/** The result of `!contains(needs.*.result, 'failure')`, which no needed job may have; null for anything else. */
function refusedResult(expression: Expression): string | null {
  if (expression.kind !== "not" || expression.operand.kind !== "call") return null;
  const { name, arguments: given } = expression.operand;
  const [list, result] = given;
  if (name.toLowerCase() !== "contains" || list === undefined || result?.kind !== "literal") return null;
  return dottedOrNull(list) === "needs.*.result" && typeof result.value === "string" ? result.value : null;
}

function conjuncts(expression: Expression): readonly Expression[] {
  return expression.kind === "binary" && expression.operator === "&&"
    ? [...conjuncts(expression.left), ...conjuncts(expression.right)]
    : [expression];
}

/** `always()`, `success()`, `!cancelled()` and, of steps, `failure()`; null for anything else. */
function statusOf(expression: Expression, isStep: boolean): "always" | "success" | "failed" | null {
  if (expression.kind === "not") return isCall(expression.operand, ["cancelled"]) ? "always" : null;
  if (isStep && isCall(expression, ["failure"])) return "failed";
  if (isStep && isEitherWay(expression)) return "always";
  if (isCall(expression, ["always"])) return "always";
  return isCall(expression, ["success"]) ? "success" : null;
}

/** `!failure()`. */
function isNoFailure(expression: Expression): boolean {
  return expression.kind === "not" && isCall(expression.operand, ["failure"]);
}

/** `success() || failure()`. */
function isEitherWay(expression: Expression): boolean {
  if (expression.kind !== "binary" || expression.operator !== "||") return false;
  const sides = [expression.left, expression.right];
  return [["success"], ["failure"]].every((names) => sides.some((side) => isCall(side, names)));
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
