import type { Span } from "../../schemas/diagnostic.ts";
import type { EventKind } from "../../schemas/event.ts";
import { dottedName, evaluateExpression, type Expression } from "../expressions/index.ts";
import type { JobModel, RuleModel, TriggersModel } from "../language/model.ts";
import { named } from "../selection/sentence.ts";
import type { LintInput } from "./lint.ts";

/** A job that its `if` or its rules let in for no event that starts the pipeline, and the jobs that it blocks. */
export function jobNeverRuns({ model, report }: LintInput): void {
  const never = new Set<string>();
  for (const job of model.jobs) {
    const found = job.rules === null ? byIf(job, model.on) : byRules(job.rules, model.on);
    if (found === null) continue;
    never.add(job.key);
    report.add("DC1903", found.span, `${named(job.id)} can never run: ${found.why}`);
  }
  for (const job of model.jobs) {
    const blocker = blockedBy(job, never);
    if (blocker === null || never.has(job.key)) continue;
    report.add(
      "DC1903",
      blocker.span,
      `${named(job.id)} can never run: it needs ${named(blocker.key)}, which never does`,
    );
  }
}

interface Never {
  readonly span: Span;
  readonly why: string;
}

function byIf({ condition }: JobModel, on: TriggersModel): Never | null {
  const test = condition?.if ?? null;
  const why = test === null ? null : whyNever(test.expression, on);
  return test === null || why === null ? null : { span: test.span, why };
}

/** Every rule that would run it can never hold. One that all its rules refuse is meant to be asked for by name. */
function byRules(rules: readonly RuleModel[], on: TriggersModel): Never | null {
  const found = rules
    .filter(({ run }) => run.value !== "never")
    .map(({ condition }): Never | null => {
      const why = condition.if === null ? null : whyNever(condition.if.expression, on);
      return why === null ? null : { span: condition.span, why };
    });
  const [first] = found;
  return first === undefined || found.includes(null) ? null : first;
}

function blockedBy(job: JobModel, never: ReadonlySet<string>) {
  for (const { keys, when, job: id } of job.needs) {
    const key = when === "success" ? keys.find((needed) => never.has(needed)) : undefined;
    if (key !== undefined) return { key, span: id.span };
  }
  return null;
}

function whyNever(expression: Expression, on: TriggersModel): string | null {
  const { value, reads, problem } = evaluateExpression(expression, { names: new Map(), files: [] });
  if (problem === null && reads.length === 0 && value === false) return "its condition is always false";
  return (
    conjuncts(expression)
      .map((part) => whyNeverHolds(part, on))
      .find((why) => why !== null) ?? null
  );
}

/** What has to hold all at once. */
function conjuncts(expression: Expression): readonly Expression[] {
  return expression.kind === "binary" && expression.operator === "&&"
    ? [...conjuncts(expression.left), ...conjuncts(expression.right)]
    : [expression];
}

const STARTS = {
  push: (on) => on.push !== null,
  pull_request: (on) => on.pullRequest !== null,
  manual: (on) => on.manual !== null,
  api: (on) => on.api !== null,
  schedule: (on) => on.schedule.length > 0,
} as const satisfies Record<EventKind, (on: TriggersModel) => boolean>;

function whyNeverHolds(expression: Expression, on: TriggersModel): string | null {
  if (expression.kind !== "binary" || expression.operator !== "==") return null;
  const sides = [expression.left, expression.right];
  const literal = sides.find((side) => side.kind === "literal")?.value;
  const name = sides.map(dottedName).find((path) => path !== null);
  if (typeof literal !== "string") return null;
  if (name === "event.kind") {
    if (!isEventKind(literal)) return `no event is of the kind ${named(literal)}`;
    return STARTS[literal](on) ? null : `the pipeline does not start for ${named(literal)} events`;
  }
  const isPushOnly = on.manual === null && on.api === null && on.schedule.length === 0;
  const namesBranches = on.push === null || (on.push.branches !== null && on.push.tags === null);
  return name === "ref.kind" && literal === "tag" && isPushOnly && namesBranches
    ? "`on` starts the pipeline for no tag"
    : null;
}

function isEventKind(text: string): text is EventKind {
  return Object.hasOwn(STARTS, text);
}
