import { PLAN_JOBS_MAX } from "../../schemas/limits.ts";
import type { YamlMap } from "../yaml/nodes.ts";
import { bindNeeds } from "./bind-needs.ts";
import { type JobContext, type JobDraft, lowerJob } from "./lower-job.ts";
import type { JobModel } from "./model.ts";
import { checkJobId } from "./job-id.ts";
import { entryOf, mapOf } from "./read.ts";

export function lowerJobs(root: YamlMap, context: JobContext): readonly JobModel[] {
  const { report } = context;
  const drafts: JobDraft[] = [];
  let instances = 0;
  for (const entry of mapOf(entryOf(root, "jobs")?.value)?.entries.values() ?? []) {
    checkJobId(entry, report);
    const draft = lowerJob(entry, context);
    if (draft === null) continue;
    instances += draft.instances.length;
    if (instances > PLAN_JOBS_MAX) {
      report.add(
        "DC1205",
        entry.keySpan,
        `With \`${entry.key}\` the pipeline has more than ${PLAN_JOBS_MAX} jobs`,
      );
      return [];
    }
    drafts.push(draft);
  }
  return bindNeeds(drafts, report);
}
