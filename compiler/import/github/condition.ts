import type { Report } from "../../diagnostics/report.ts";
import type { YamlEntry } from "../../yaml/nodes.ts";
import { EXPRESSION_CHARACTERS_MAX } from "../../expressions/limits.ts";
import { leftOut, scalarText } from "../reader.ts";
import { convertExpression, type Scope } from "./expression.ts";

export interface ConvertedCondition {
  /** Undefined when there is none. */
  readonly condition: string | undefined;
  /** Whether it holds also when something before it failed. */
  readonly always: boolean;
}

/** An `if`. Null when it cannot be converted, which is then told: what it decides must not run. */
export function convertCondition(
  entry: YamlEntry | null,
  scope: Scope,
  report: Report,
): ConvertedCondition | null {
  if (entry === null) return { condition: undefined, always: false };
  const written = scalarText(entry.value) ?? "";
  const inner = /^\s*\$\{\{([\s\S]*)\}\}\s*$/.exec(written)?.[1] ?? written;
  const status =
    inner.length > EXPRESSION_CHARACTERS_MAX
      ? null
      : /^\s*(?:(always|success|!\s*cancelled)\(\)\s*(?:&&\s*([\s\S]+))?|([\s\S]+?)\s*&&\s*(always|success)\(\)\s*)$/.exec(
          inner,
        );
  const always = [status?.[1], status?.[4]].some((word) => word !== undefined && word !== "success");
  const rest = status === null ? inner : (status[2] ?? status[3]);
  if (rest === undefined) return { condition: undefined, always };
  const converted = convertExpression(rest, scope);
  if ("text" in converted) return { condition: converted.text, always };
  leftOut(
    report,
    entry.value.span,
    `This condition has no counterpart, and what it decides does not run: ${converted.problem}`,
  );
  return null;
}
