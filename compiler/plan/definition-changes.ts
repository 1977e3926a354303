import type { Uncertainty } from "../../schemas/changes.ts";
import type { JobModel, PipelineModel } from "../language/model.ts";
import type { Doubt } from "../selection/doubt.ts";
import { counted, listNames } from "../selection/sentence.ts";

/** What a changed pipeline file means for each job. */
export interface DefinitionChanges {
  readonly doubtOf: (job: JobModel | null) => Doubt | null;
  readonly uncertain: readonly Uncertainty[];
}

export const NO_DEFINITION_CHANGES: DefinitionChanges = { doubtOf: () => null, uncertain: [] };

/**
 * Compares the pipeline with the one at the base. A job that is defined differently runs whatever its
 * paths say, for nobody has seen the new definition run. All jobs do when what they share differs, or
 * when the pipeline at the base cannot be read. Places and comments make no difference.
 */
export function definitionChanges(
  head: PipelineModel,
  base: PipelineModel | null,
  changedFiles: readonly string[],
): DefinitionChanges {
  const files = listNames(changedFiles, "and");
  if (base === null || fingerprint(shared(head)) !== fingerprint(shared(base))) {
    const because =
      base === null
        ? `${files} changed, and there is no earlier pipeline to compare with`
        : `${files} changed what all jobs share`;
    const doubt: Doubt = { code: "pipeline_changed", because };
    const uncertain = { code: doubt.code, detail: because, paths: changedFiles, added: ["*"] };
    return { doubtOf: () => doubt, uncertain: [uncertain] };
  }
  const before = new Map(base.jobs.map((job) => [job.key, fingerprint(job)]));
  const changed = new Set(
    head.jobs.filter((job) => before.get(job.key) !== fingerprint(job)).map(({ key }) => key),
  );
  if (changed.size === 0) return NO_DEFINITION_CHANGES;
  const detail = `${files} defines ${counted(changed.size, "job")} differently`;
  return {
    doubtOf: (job) => {
      if (job === null) return { code: "pipeline_changed", because: detail };
      if (!changed.has(job.key)) return null;
      const how = before.has(job.key) ? "defines it differently" : "defines it for the first time";
      return { code: "pipeline_changed", because: `${files} ${how}` };
    },
    uncertain: [{ code: "pipeline_changed", detail, paths: changedFiles, added: [] }],
  };
}

function shared({ vars, inputs, components, changes, rules }: PipelineModel): unknown {
  return { vars, inputs, components, changes, set: rules?.map((rule) => rule.vars) };
}

/** Everything but where it stands. */
function fingerprint(value: unknown): string {
  return JSON.stringify(value, (key, item: unknown) => {
    if (key === "span" || key === "places") return undefined;
    return item instanceof Map ? [...item] : item;
  });
}
