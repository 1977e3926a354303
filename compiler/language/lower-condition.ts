import type { YamlMap } from "../yaml/nodes.ts";
import { type Lowering, lowerIf } from "./lowering.ts";
import type { ConditionModel } from "./model.ts";
import { entryOf, globList, locatedTexts } from "./read.ts";

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
    components: components && { ids: locatedTexts(components.value), span: components.keySpan },
  };
}
