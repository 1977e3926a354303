import { quote } from "../diagnostics/quote.ts";
import type { Report } from "../diagnostics/report.ts";
import type { YamlEntry, YamlMap } from "../yaml/nodes.ts";
import { type Lowering, lowerIf } from "./lowering.ts";
import type { ConditionModel, Located, RuleModel } from "./model.ts";
import { lowerRuleSet } from "./rule-set.ts";
import { entryOf, globList, itemsOf, locatedTexts, mapOf, textOf, wordOf } from "./read.ts";

/** `if`, `changes` and `components` of a job or a rule; null when it has none of them. */
export function lowerCondition(map: YamlMap, lowering: Lowering): ConditionModel | null {
  const ifEntry = entryOf(map, "if");
  const changes = entryOf(map, "changes");
  const components = entryOf(map, "components");
  const first = ifEntry ?? changes ?? components;
  if (first === null) return null;
  return {
    span: first.keySpan,
    if: ifEntry && lowerIf(ifEntry.value, lowering),
    changes: globList(changes),
    components: components && {
      ids: componentIds(components, lowering.report),
      span: components.keySpan,
    },
  };
}

/** What a component can be called; anything else in this place is a glob. */
const COMPONENT_ID = /^[A-Za-z0-9@._/:-]+$/;

function componentIds({ value }: YamlEntry, report: Report): readonly Located<string>[] {
  return locatedTexts(value).filter((id) => {
    if (COMPONENT_ID.test(id.value)) return true;
    const message = `${quote(id.value)} is no component's id; globs of components are for jobs with \`for_each\``;
    report.add("DC1107", id.span, message);
    return false;
  });
}

/** `rules` of a job; null when there are none. The short form beside them is a conflict. */
export function lowerRules(map: YamlMap, lowering: Lowering): readonly RuleModel[] | null {
  const rules = entryOf(map, "rules");
  if (rules === null) return null;
  for (const key of ["if", "changes", "components"]) {
    const short = entryOf(map, key);
    if (short === null) continue;
    const related = [{ span: rules.keySpan, message: "`rules` stands here" }];
    lowering.report.add(
      "DC1111",
      short.keySpan,
      `\`${key}\` and \`rules\` exclude each other; move \`${key}\` into a rule`,
      { related },
    );
  }
  return itemsOf(rules.value).flatMap((item) => {
    const rule = mapOf(item);
    return rule === null ? [] : [{ ...lowerRule(rule, lowering), set: lowerRuleSet(rule, lowering) }];
  });
}

/** What the rules of jobs and of the pipeline share. */
export function lowerRule(rule: YamlMap, lowering: Lowering): Omit<RuleModel, "set"> {
  const run = entryOf(rule, "run");
  const none = { span: rule.span, if: null, changes: null, components: null };
  return {
    condition: lowerCondition(rule, lowering) ?? none,
    run: {
      value: wordOf(run?.value, ["auto", "manual", "never"] as const) ?? "auto",
      span: run?.value.span ?? rule.span,
    },
    reason: textOf(entryOf(rule, "reason")?.value),
  };
}
