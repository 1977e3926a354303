import { entails, namesIn } from "../expressions/index.ts";
import { listContains, type MatchBudget } from "../globs/index.ts";
import type { ConditionModel, RuleModel } from "../language/model.ts";
import type { GlobLists } from "../selection/path-lists.ts";
import type { LintInput } from "./lint.ts";

/** Work spent on comparing globs of rules; past it nothing more is said to be contained. */
const COMPARE_WORK_MAX = 200_000;

/**
 * A rule that never decides, because an earlier one holds whenever it does. Said only when it is proven: by
 * the words of the conditions, the values they fix, and globs that contain each other.
 */
export function ruleShadowed({ model, lists, report }: LintInput): void {
  const budget: MatchBudget = { left: COMPARE_WORK_MAX };
  const ofJobs = new Set(model.jobs.flatMap(({ rules }) => (rules === null ? [] : [rules])));
  for (const rules of [...(model.rules === null ? [] : [model.rules]), ...ofJobs]) {
    for (const [at, rule] of rules.entries()) {
      const first = rules.slice(0, at).find((earlier) => alwaysBefore(earlier, rule, lists, budget));
      if (first === undefined) continue;
      const { span } = rule.condition;
      const related = [{ span: first.condition.span, message: "this rule holds then, and comes first" }];
      const message = "This rule never decides: whenever it holds, an earlier one does";
      report.add("DC1907", span, message, { related });
    }
  }
}

function alwaysBefore(
  { condition, run }: RuleModel,
  later: RuleModel,
  lists: GlobLists,
  budget: MatchBudget,
): boolean {
  // A doubt about what changed passes over a rule that runs nothing by itself, and the later one has its turn.
  if (run.value !== "auto" && readsChange(condition)) return false;
  return holdsIfTest(condition, later.condition) && holdsIfChanged(condition, later.condition, lists, budget);
}

function readsChange({ if: test, changes, components }: ConditionModel): boolean {
  if (changes !== null || components !== null) return true;
  return test !== null && namesIn(test.expression).some((name) => /^changes(?:\.|$)/.test(name));
}

function holdsIfTest({ if: test }: ConditionModel, later: ConditionModel): boolean {
  return test === null || entails(later.if === null ? [] : [later.if.expression], test.expression);
}

/** `changes` or `components`, when they are written: either is enough. */
function holdsIfChanged(
  { changes, components }: ConditionModel,
  later: ConditionModel,
  lists: GlobLists,
  budget: MatchBudget,
): boolean {
  if (changes === null && components === null) return true;
  if (later.changes === null && later.components === null) return false;
  const ids = new Set(components?.ids.map(({ value }) => value));
  return (
    (later.components?.ids ?? []).every(({ value }) => ids.has(value)) &&
    (later.changes === null ||
      (changes !== null && listContains(lists.of(changes), lists.of(later.changes), budget)))
  );
}
