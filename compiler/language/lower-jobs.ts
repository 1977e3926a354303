import { PLAN_JOBS_MAX } from "../../schemas/limits.ts";
import type { YamlEntry, YamlMap } from "../yaml/nodes.ts";
import { bindNeeds } from "./bind-needs.ts";
import { type JobContext, type JobDraft, lowerJob } from "./lower-job.ts";
import type { JobModel } from "./model.ts";
import { checkJobId } from "./job-id.ts";
import { entryOf, mapOf } from "./read.ts";

export function lowerJobs(root: YamlMap, context: JobContext): readonly JobModel[] {
  const { report } = context;
  const drafts: JobDraft[] = [];
  let instances = 0;
  const jobs = mapOf(entryOf(root, "jobs")?.value)?.entries ?? new Map<string, YamlEntry>();
  const last = mapOf(entryOf(root, "finally")?.value)?.entries ?? new Map<string, YamlEntry>();
  for (const entry of [...jobs.values(), ...last.values()]) {
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
    if (drafts.some(({ id }) => id === draft.id)) {
      const related = drafts
        .filter(({ id }) => id === draft.id)
        .map(({ span }) => ({ span, message: "written here as well" }));
      report.add("DC1018", entry.keySpan, `\`${entry.key}\` stands under \`jobs\` and under \`finally\``, {
        related,
      });
    }
    drafts.push(last.get(entry.key) === entry ? afterAll(draft, jobs) : draft);
  }
  return bindNeeds(drafts, report);
}

/** A job under `finally` waits for every job of `jobs`, however it ended and whether it ran or not. */
function afterAll(draft: JobDraft, jobs: ReadonlyMap<string, YamlEntry>): JobDraft {
  const written = new Set(draft.needs.map(({ job }) => job.value));
  const others = [...jobs.keys()].filter((id) => !written.has(id));
  const needs = others.map((id) => ({
    job: { value: id, span: draft.span },
    when: "done" as const,
    optional: false,
  }));
  const all = [...draft.needs, ...needs].map((need) => ({ ...need, everyComponent: true }));
  return { ...draft, needs: all };
}
