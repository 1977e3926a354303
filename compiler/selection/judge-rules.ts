import type { Span } from "../../schemas/diagnostic.ts";
import { evaluateExpression } from "../expressions/index.ts";
import type { ConditionModel, RuleModel } from "../language/model.ts";
import { type JobView, judgeCondition, type Judging } from "./judge-condition.ts";
import { named } from "./sentence.ts";
import { type Verdict, verdict } from "./verdict.ts";

/**
 * The first rule whose condition holds decides; without one nothing runs. A doubt counts for a rule
 * that runs something and against one that does not, so that it never takes a job away. A rule that waits
 * for a person decides in doubt only when none after it runs the job by itself.
 */
export function judgeRules(rules: readonly RuleModel[], span: Span, judging: Judging, job: JobView): Verdict {
  let unchanged: Verdict | null = null;
  let waiting: Verdict | null = null;
  for (const rule of rules) {
    const { condition, run, reason } = rule;
    const judged = judgeCondition(condition, judging, job);
    if (judged.outcome !== "selected") {
      if (run.value !== "never" && (judged.clause === "changes" || judged.clause === "components"))
        unchanged ??= judged;
      continue;
    }
    const isDoubtful = judged.clause === "doubt" || judged.clause === "request";
    const isSure = !isDoubtful || holdsAnyway(condition, job);
    if (run.value === "never" && !isSure) continue;
    const says = reason === null ? "" : ` (${named(reason)})`;
    const clause = isDoubtful ? judged.clause : "rule";
    if (run.value === "auto") return { ...judged, clause, because: `${judged.because}${says}`, rule };
    if (run.value === "manual") {
      const because = `${judged.because}${says}; it waits until a person starts it`;
      const manual: Verdict = { ...judged, clause, because, rule, start: "manual" };
      if (isSure) return waiting ?? manual;
      waiting ??= manual;
      continue;
    }
    if (waiting !== null) return waiting;
    const because = `a rule says never${says}, and ${judged.because}`;
    return { ...judged, outcome: "skipped", clause: "rule", because };
  }
  if (waiting !== null) return waiting;
  if (unchanged !== null) return { ...unchanged, because: `no rule holds: ${unchanged.because}` };
  return verdict("skipped", "rule", "no rule holds", span);
}

/** True when the condition would hold without what is in doubt: it asks for nothing but its `if`. */
function holdsAnyway(condition: ConditionModel, job: JobView): boolean {
  if (condition.changes !== null || condition.components !== null) return false;
  if (condition.if === null) return true;
  return evaluateExpression(condition.if.expression, job.scope).value === true;
}
