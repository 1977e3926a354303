import { TIMEOUT_MS_MAX } from "../../schemas/limits.ts";
import type { YamlNode } from "../yaml/nodes.ts";
import { type Lowering, lowerDuration, lowerEnv, lowerIf, lowerScript, lowerTemplate } from "./lowering.ts";
import type { StepModel } from "./model.ts";
import { booleanOf, entryOf, itemsOf, mapOf } from "./read.ts";

export const TIMEOUT_BOUNDS = { min: 1_000, max: TIMEOUT_MS_MAX, words: "between 1s and 24h" };

export function lowerSteps(node: YamlNode | null | undefined, lowering: Lowering): readonly StepModel[] {
  return itemsOf(node).flatMap((item) => lowerStep(item, lowering));
}

function lowerStep(node: YamlNode, lowering: Lowering): readonly StepModel[] {
  const map = mapOf(node);
  const run = lowerScript(map ? entryOf(map, "run")?.value : node, lowering);
  if (run === null) return [];
  const condition = entryOf(map, "if");
  return [
    {
      name: lowerTemplate(entryOf(map, "name")?.value, lowering),
      run,
      env: lowerEnv(entryOf(map, "env")?.value, { ...lowering, mayReadNeeds: true }),
      if: condition && lowerIf(condition.value, lowering),
      timeoutMs: lowerDuration(map, "timeout", TIMEOUT_BOUNDS, lowering.report),
      continueOnError: booleanOf(entryOf(map, "continue_on_error")?.value) ?? false,
      always: booleanOf(entryOf(map, "always")?.value) ?? false,
      span: node.span,
    },
  ];
}
