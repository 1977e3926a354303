import type { PipelineEvent } from "../../schemas/event.ts";
import type { Scope, ValueMap } from "../expressions/index.ts";
import type { CompileInput } from "../input.ts";
import type { PipelineModel, PipelineRuleModel } from "../language/model.ts";
import { refusalOf } from "./admission.ts";
import type { Doubt } from "./doubt.ts";
import type { Judging } from "./judge-condition.ts";
import { judgeRules } from "./judge-rules.ts";
import { type Verdict, verdict } from "./verdict.ts";

export interface PipelineView {
  readonly event: PipelineEvent;
  readonly request: CompileInput["request"];
  /** Names that the pipeline's own rules may read. */
  readonly scope: Scope;
  readonly doubt: Doubt | null;
}

export interface PipelineVerdict {
  /** Null when the pipeline runs for the event. */
  readonly refused: Verdict | null;
  /** `vars`, with what the rule that decided sets. */
  readonly vars: ValueMap;
  /** The rule that sets some of them; null when none does. */
  readonly rule: PipelineRuleModel | null;
}

/**
 * Whether the pipeline runs for the event at all. What a person asked for by name goes through neither `on` nor
 * `rules`; what the rules set holds for it all the same.
 */
export function judgePipeline(
  { on, rules, vars }: PipelineModel,
  judging: Judging,
  { event, request, scope, doubt }: PipelineView,
): PipelineVerdict {
  const isAsked = request.jobs.length > 0;
  const refusal = isAsked || request.all ? null : refusalOf(event, on, judging.facts, judging.lists, doubt);
  if (refusal !== null)
    return { refused: verdict("skipped", "on", refusal.because, refusal.span), vars, rule: null };
  if (rules === null) return { refused: null, vars, rule: null };
  const judged = judgeRules(rules, on.span, judging, { scope, span: on.span, doubt });
  const rule = rules.find((one) => one === judged.rule && one.vars.size > 0) ?? null;
  if (judged.outcome === "selected" || isAsked)
    return { refused: null, vars: rule === null ? vars : new Map([...vars, ...rule.vars]), rule };
  const because = `the pipeline's own rules: ${judged.because}`;
  return { refused: { ...judged, clause: "rule", because }, vars, rule: null };
}
