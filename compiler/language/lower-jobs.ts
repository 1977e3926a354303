import type { YamlEntry, YamlMap } from "../yaml/nodes.ts";
import { bindNeeds } from "./bind-needs.ts";
import { checkLateReads } from "./check-late-reads.ts";
import { checkNeededArtifacts } from "./check-needed-artifacts.ts";
import { type JobContext, type JobDraft, lowerJob } from "./lower-job.ts";
import type { JobModel } from "./model.ts";
import { checkJobId } from "./job-id.ts";
import { needEdgesMax, reportTooLarge } from "./plan-limits.ts";
import { entryOf, mapOf } from "./read.ts";

export function lowerJobs(root: YamlMap, context: JobContext): readonly JobModel[] {
  const { report } = context;
  const drafts: JobDraft[] = [];
  const written = new Map<string, YamlEntry>();
  let instances = 0;
  const jobs = mapOf(entryOf(root, "jobs")?.value)?.entries ?? new Map<string, YamlEntry>();
  const last = mapOf(entryOf(root, "finally")?.value)?.entries ?? new Map<string, YamlEntry>();
  const entries = [...jobs.values(), ...last.values()];
  if (!areInLimits(entries, jobs.size * last.size, context)) return [];
  for (const entry of entries) {
    if (report.isSettled) return [];
    checkJobId(entry, report);
    const draft = lowerJob(entry, context);
    if (draft === null) continue;
    instances += draft.instances.length;
    if (instances > context.limits.jobs) {
      tooManyJobs(entry, context);
      return [];
    }
    const first = written.get(draft.id);
    written.set(draft.id, entry);
    if (first !== undefined) {
      const related = [{ span: first.keySpan, message: "written here as well" }];
      report.add("DC1018", entry.keySpan, `\`${entry.key}\` stands under \`jobs\` and under \`finally\``, {
        related,
      });
    }
    drafts.push(last.get(entry.key) === entry ? afterAll(draft, jobs) : draft);
  }
  checkLateReads(drafts, report);
  checkNeededArtifacts(drafts, report);
  return bindNeeds(drafts, context.limits, report);
}

/**
 * Refuses what is too large as written, before any of it is read: each entry is at least one job, and
 * each job under `finally` needs each one under `jobs`. What a matrix multiplies is counted job by job.
 */
function areInLimits(entries: readonly YamlEntry[], needsOfLast: number, context: JobContext): boolean {
  const { limits, report } = context;
  const [past, final] = [entries[limits.jobs], entries.at(-1)];
  if (past !== undefined) {
    tooManyJobs(past, context);
    return false;
  }
  const most = needEdgesMax(limits);
  if (final === undefined || needsOfLast <= most) return true;
  const what = `The jobs under \`finally\` need every other one, which makes more than ${most} needs`;
  reportTooLarge(report, limits, { what, span: final.keySpan });
  return false;
}

function tooManyJobs({ key, keySpan }: YamlEntry, { limits, report }: JobContext): void {
  const what = `With \`${key}\` the pipeline has more than ${limits.jobs} jobs`;
  reportTooLarge(report, limits, { what, span: keySpan });
}

/** A job under `finally` waits for every job of `jobs`, however it ended and whether it ran or not. */
function afterAll(draft: JobDraft, jobs: ReadonlyMap<string, YamlEntry>): JobDraft {
  const written = new Set(draft.needs.map(({ job }) => job.value));
  const others = [...jobs.keys()].filter((id) => !written.has(id));
  const needs = others.map((id) => ({
    job: { value: id, span: draft.span },
    when: "done" as const,
    optional: false,
    artifacts: [],
  }));
  const all = [...draft.needs, ...needs].map((need) => ({ ...need, everyComponent: true }));
  return { ...draft, needs: all };
}
