import type { Report } from "../diagnostics/report.ts";
import { didYouMean, namesOf } from "../diagnostics/suggest.ts";
import { expressionsOf, type Template } from "../expressions/index.ts";
import { type LateRead, lateRead } from "./late-reads.ts";
import type { JobDraft, WrittenNeed } from "./lower-job.ts";

/** Whether each job that an environment reads is needed, is a single one, and has the output. */
export function checkLateReads(drafts: readonly JobDraft[], report: Report): void {
  const byId = new Map(drafts.map((draft) => [draft.id, draft]));
  for (const draft of drafts) {
    if (report.isFull) return;
    const { env, steps } = draft.shared;
    const reads = [env, ...steps.map((step) => step.env)].flatMap(readsOf);
    if (reads.length === 0) continue;
    const needs = new Map(draft.needs.map((need) => [need.job.value, need]));
    for (const read of reads) checkRead(read, draft, needs, byId, report);
  }
}

function readsOf(env: ReadonlyMap<string, Template>): readonly LateRead[] {
  if (env.size === 0) return [];
  return [...env.values()].flatMap((template) =>
    expressionsOf(template).flatMap((expression) => lateRead(expression) ?? []),
  );
}

function checkRead(
  { job, output, span }: LateRead,
  draft: JobDraft,
  needs: ReadonlyMap<string, WrittenNeed>,
  byId: ReadonlyMap<string, JobDraft>,
  report: Report,
): void {
  const need = needs.get(job);
  if (need === undefined) {
    const message = () =>
      `\`${draft.id}\` does not need \`${job}\`, so it may have no result yet${didYouMean(job, namesOf(needs)) || "; add it to `needs`"}`;
    report.add("DC1122", span, message);
    return;
  }
  const needed = byId.get(job);
  // A need that is not there has been reported, or is optional and then has no value.
  if (needed === undefined) return;
  if (!isSingle(needed, draft, need)) {
    const message = `\`${job}\` runs as several instances, so it has no one ${output === null ? "result" : "value"} to read`;
    const related = [{ span: needed.span, message: `\`${job}\` is written here` }];
    report.add("DC1123", span, message, { related });
    return;
  }
  const names = needed.shared.outputs.map(({ name }) => name);
  if (output === null || names.includes(output)) return;
  const hint = didYouMean(output, names) || `; list it under \`outputs\` of \`${job}\``;
  const related = [{ span: needed.span, message: `\`${job}\` is written here` }];
  report.add("DC1124", span, `\`${job}\` has no output \`${output}\`${hint}`, { related });
}

/** Between two jobs with `for_each` a need leads to one instance, that of the same component. */
function isSingle(needed: JobDraft, draft: JobDraft, need: WrittenNeed): boolean {
  const isOneComponent = draft.shared.forEach !== null && !need.everyComponent;
  return needed.instances.length === 1 && (needed.shared.forEach === null || isOneComponent);
}
