import type { EventKind } from "../../schemas/event.ts";
import { evaluateExpression, type Expression } from "../expressions/index.ts";
import type { JobModel, TriggersModel } from "../language/model.ts";
import { named } from "../selection/sentence.ts";
import type { LintInput } from "./lint.ts";

/** A job whose `if` holds for no event that starts the pipeline, and the jobs that such a job blocks. */
export function jobNeverRuns({ model, report }: LintInput): void {
  const never = new Set<string>();
  for (const job of model.jobs) {
    const test = job.condition?.if ?? null;
    const why = test === null ? null : whyNever(test.expression, model.on);
    if (test === null || why === null) continue;
    never.add(job.key);
    report.add("DC1903", test.span, `${named(job.id)} can never run: ${why}`);
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
  const name = sides.map(dotted).find((path) => path !== null);
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

function dotted(expression: Expression): string | null {
  if (expression.kind === "name") return expression.name;
  if (expression.kind !== "member" || expression.key.kind !== "literal") return null;
  const owner = dotted(expression.object);
  return owner === null ? null : `${owner}.${String(expression.key.value)}`;
}
