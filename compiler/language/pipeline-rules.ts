import type { Value, ValueMap } from "../expressions/index.ts";
import { quote } from "../diagnostics/quote.ts";
import { didYouMean, namesOf } from "../diagnostics/suggest.ts";
import type { YamlMap } from "../yaml/nodes.ts";
import { lowerRule } from "./lower-condition.ts";
import type { Lowering } from "./lowering.ts";
import type { PipelineRuleModel } from "./model.ts";
import { entryOf, itemsOf, mapOf, valueOf } from "./read.ts";
import { refuseBesideNever } from "./rule-set.ts";

/** The pipeline's own `rules`; null when there are none. `vars` are those that the pipeline declares. */
export function lowerPipelineRules(
  root: YamlMap,
  vars: ValueMap,
  lowering: Lowering,
): readonly PipelineRuleModel[] | null {
  const rules = entryOf(root, "rules");
  if (rules === null) return null;
  return itemsOf(rules.value).flatMap((item) => {
    const rule = mapOf(item);
    if (rule === null) return [];
    refuseBesideNever(rule, lowering.report);
    return [{ ...lowerRule(rule, lowering), set: null, vars: setVars(rule, vars, lowering) }];
  });
}

/** A rule gives other values to names that exist: which names and types an expression may use depends on no event. */
function setVars(rule: YamlMap, vars: ValueMap, { report }: Lowering): ValueMap {
  const set = mapOf(entryOf(mapOf(entryOf(rule, "set")?.value), "vars")?.value);
  const values = new Map<string, Value>();
  for (const { key, keySpan, value: node } of set?.entries.values() ?? []) {
    const declared = vars.get(key);
    const value = valueOf(node, `vars.${key}`, report);
    if (declared === undefined) {
      const message = () =>
        `A rule sets ${quote(key)}, which is not declared under \`vars\`${didYouMean(key, namesOf(vars))}`;
      report.add("DC1150", keySpan, message);
    } else if (value !== null && typeof value !== typeof declared) {
      const message = `\`${key}\` is a ${typeof declared} under \`vars\`, and this rule sets the ${typeof value} ${quote(String(value))}`;
      report.add("DC1151", node.span, message);
    } else if (value !== null) values.set(key, value);
  }
  return values;
}
