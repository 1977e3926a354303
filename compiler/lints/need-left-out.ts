import type { Span } from "../../schemas/diagnostic.ts";
import { entails, type Expression, negation } from "../expressions/index.ts";
import type { JobModel, RuleModel } from "../language/model.ts";
import { named } from "../selection/sentence.ts";
import type { LintInput } from "./lint.ts";

/**
 * A need for success on a job that its own `if` or `rules` can leave out blocks the dependent each time they
 * do. No advice where the dependent asks for as much: then both are left out together.
 */
export function needLeftOut({ model, report }: LintInput): void {
  const byKey = new Map(model.jobs.map((job) => [job.key, job]));
  for (const job of model.jobs) {
    for (const { keys, when, job: id } of job.needs) {
      if (when !== "success") continue;
      const left = keys.flatMap((key) => {
        const needed = byKey.get(key);
        const span = needed === undefined ? null : leftOutBy(job, needed);
        return needed === undefined || span === null ? [] : [{ needed, span }];
      })[0];
      if (left === undefined) continue;
      const { needed, span } = left;
      report.add(
        "DC1901",
        id.span,
        `${named(job.id)} is blocked whenever ${named(needed.id)} is left out by its \`${needed.rules === null ? "if" : "rules"}\`; ` +
          "write `when: skipped_ok` to do without it, or give both the same condition",
        { related: [{ span, message: `${named(needed.key)} may be left out here` }] },
      );
    }
  }
}

/** What may leave out the needed job in a run that has the dependent; null when nothing can. */
function leftOutBy(dependent: JobModel, needed: JobModel): Span | null {
  return waysToRun(dependent)
    .map((premises) =>
      needed.rules === null ? leftOutByIf(premises, needed) : leftOutByRules(premises, needed.rules),
    )
    .reduce((found, span) => found ?? span, null);
}

function leftOutByIf(premises: readonly Expression[], { condition }: JobModel): Span | null {
  const test = condition?.if ?? null;
  return test === null || entails(premises, test.expression) ? null : test.span;
}

/** A rule left out for its paths alone is no reason: who needs the job pulls it in. */
function leftOutByRules(premises: readonly Expression[], rules: readonly RuleModel[]): Span | null {
  for (const { condition, run } of rules) {
    const test = condition.if?.expression ?? null;
    if (test !== null && entails(premises, negation(test))) continue;
    if (run.value === "never") return condition.span;
    if (test === null || entails(premises, test)) return null;
  }
  return rules.at(-1)?.condition.span ?? null;
}

/** What is certain of a run that has the job, for each way in which it can be in. */
function waysToRun({ condition, rules }: JobModel): readonly (readonly Expression[])[] {
  if (rules === null) return [condition?.if ? [condition.if.expression] : []];
  const before: Expression[] = [];
  const ways: Expression[][] = [];
  for (const { condition: own, run } of rules) {
    const test = own.if?.expression ?? null;
    if (run.value !== "never") ways.push([...before, ...(test === null ? [] : [test])]);
    // A rule with no more than an `if` did not hold where a later one decides.
    if (test !== null && own.changes === null && own.components === null) before.push(negation(test));
  }
  return ways;
}
