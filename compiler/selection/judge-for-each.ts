import type { JobModel } from "../language/model.ts";
import type { ChangeFacts } from "./change-facts.ts";
import { globsPhrase, judgeCondition, type JobView, type Judging } from "./judge-condition.ts";
import { type Verdict, verdict } from "./verdict.ts";

/** True for what stands in a plan for a job with `for_each` while it has no component to run for. */
export function isWithoutComponent({ forEach, component }: JobModel): boolean {
  return forEach !== null && component === null;
}

/** The one decision of a job without any instance. Never pulled in by a need: there is nothing to run. */
export function nothingToRunFor({ forEach, span }: JobModel, facts: ChangeFacts): Verdict {
  const filter = forEach?.components ?? null;
  const which = filter === null ? "a component" : `a component that matches ${globsPhrase(filter)}`;
  const because =
    facts.componentNames.size === 0
      ? "the repository has no components"
      : `nothing that changed affects ${which}`;
  const at = forEach?.span ?? span;
  const { graphDoubt } = facts;
  return graphDoubt === null
    ? verdict("skipped", "components", because, at)
    : verdict(
        "skipped",
        "components",
        `${because}; there may be more than are known: ${graphDoubt.because}`,
        at,
        {
          uncertain: [graphDoubt.code],
        },
      );
}

/**
 * One component's instance: the component has to be affected, and the job's own condition has to hold.
 * A no of that condition comes first, for it is meant, and no need overrules it.
 */
export function judgeInstance(job: JobModel, own: Verdict, judging: Judging, view: JobView): Verdict {
  const { forEach, component } = job;
  if (forEach === null || component === null || own.outcome !== "selected") return own;
  const { span } = forEach;
  const ids = [{ value: component.root, span }];
  const chosen = judgeCondition({ span, if: null, changes: null, components: { ids, span } }, judging, view);
  if (chosen.outcome !== "selected" || own.clause === "always") return chosen;
  const uncertain = [...new Set([...chosen.uncertain, ...own.uncertain])];
  const { expression, values, matched, rule, start } = own;
  return own.clause === "doubt"
    ? { ...own, chain: chosen.chain, uncertain }
    : { ...chosen, expression, values, matched, uncertain, rule, start };
}
