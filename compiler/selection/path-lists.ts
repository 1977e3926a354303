import type { Report } from "../diagnostics/report.ts";
import {
  type CheckedGlobList,
  checkGlobList,
  type PatternAllowance,
  PIPELINE_PATTERNS_MAX,
} from "../globs/index.ts";
import type { ConditionModel, GlobList, PipelineModel } from "../language/model.ts";

/** Every list of globs in a pipeline, checked once each. */
export class GlobLists {
  readonly #checked = new Map<GlobList, CheckedGlobList>();

  /** The cells of a matrix share the place of a list, hence its check. */
  constructor(lists: readonly GlobList[], report: Report) {
    const allowance: PatternAllowance = { left: PIPELINE_PATTERNS_MAX };
    const byPlace = new Map<string, CheckedGlobList>();
    for (const list of lists) {
      if (this.#checked.has(list)) continue;
      const place = `${list.span.start}:${list.span.end}:${list.span.file}`;
      const checked = byPlace.get(place) ?? checkGlobList(list, report, allowance);
      byPlace.set(place, checked);
      this.#checked.set(list, checked);
    }
  }

  /** Throws for a list that was not among those given. */
  of(list: GlobList): CheckedGlobList {
    const checked = this.#checked.get(list);
    if (checked === undefined) throw new Error("this list of globs is not one of the pipeline's");
    return checked;
  }
}

/** The lists that changed paths are held against. */
export function pathListsOf(model: PipelineModel): readonly GlobList[] {
  const lists = conditionsOf(model).map(({ changes }) => changes);
  return [model.on.push?.paths ?? null, ...lists].filter((list) => list !== null);
}

/** Every list of globs in the pipeline, also those that no changed path is held against. */
export function globListsOf(model: PipelineModel): readonly GlobList[] {
  const { on, components, changes } = model;
  const lists = [
    on.push?.branches ?? null,
    on.push?.tags ?? null,
    on.pullRequest?.targets ?? null,
    components.globalInputs,
    ...components.declared.flatMap(({ inputs, outputs }) => [inputs, outputs]),
    ...model.jobs.map(({ forEach }) => forEach?.components ?? null),
    changes.ignore,
  ];
  return [...pathListsOf(model), ...lists.filter((list) => list !== null)];
}

/** Every condition of the pipeline and its jobs. */
export function conditionsOf(model: PipelineModel): readonly ConditionModel[] {
  const ofJobs = model.jobs.flatMap(({ condition, rules }) => [
    ...(condition === null ? [] : [condition]),
    ...(rules ?? []).map((rule) => rule.condition),
  ]);
  return [...(model.rules ?? []).map(({ condition }) => condition), ...ofJobs];
}
