import type { Report } from "../diagnostics/report.ts";
import { Candidates, didYouMean } from "../diagnostics/suggest.ts";
import type { PlanLimits } from "../input.ts";
import type { JobDraft } from "./lower-job.ts";
import type { JobModel, NeedModel } from "./model.ts";
import { needEdgesMax, reportTooLarge } from "./plan-limits.ts";
import { reportCycle } from "./report-cycle.ts";

/** Between needs of nothing and jobs: where hundreds are wrong among a thousand, the first twenty show what is. */
const COMPARISONS_MAX = 20_000;

/** The jobs' instances with their needs bound to instances. Unknown, doubled and circular needs are reported. */
export function bindNeeds(
  drafts: readonly JobDraft[],
  limits: PlanLimits,
  report: Report,
): readonly JobModel[] {
  const byId = new Map(drafts.map((draft) => [draft.id, draft]));
  const names = new Candidates(byId.keys(), COMPARISONS_MAX);
  const bound = new Map(drafts.map((draft) => [draft.id, bindJobNeeds(draft, { byId, names }, report)]));
  if (report.isSettled) return [];
  reportCycle(drafts, byId, report);
  if (!isGraphInLimits(drafts, bound, limits, report)) return [];
  return drafts.flatMap(({ id, instances, shared }) =>
    instances.map(({ key, matrix }): JobModel => ({ ...shared, key, matrix, needs: bound.get(id) ?? [] })),
  );
}

function bindJobNeeds(
  draft: JobDraft,
  { byId, names }: { readonly byId: ReadonlyMap<string, JobDraft>; readonly names: Candidates },
  report: Report,
): readonly NeedModel[] {
  if (report.isSettled) return [];
  const seen = new Map<string, NeedModel>();
  for (const need of draft.needs) {
    const { value, span } = need.job;
    const first = seen.get(value);
    if (first) {
      const related = [{ span: first.job.span, message: "first written here" }];
      report.add("DC1206", span, `\`${draft.id}\` needs \`${value}\` twice`, { related });
      continue;
    }
    const target = byId.get(value);
    if (target === undefined && !need.optional) {
      const message = () =>
        `\`${draft.id}\` needs \`${value}\`, which is no job of this pipeline${didYouMean(value, names, draft.id)}`;
      report.add("DC1203", span, message);
    }
    seen.set(value, { ...need, keys: target?.instances.map(({ key }) => key) ?? [] });
  }
  return [...seen.values()];
}

function isGraphInLimits(
  drafts: readonly JobDraft[],
  bound: ReadonlyMap<string, readonly NeedModel[]>,
  limits: PlanLimits,
  report: Report,
): boolean {
  const most = needEdgesMax(limits);
  let edges = 0;
  for (const { id, span, instances } of drafts) {
    const targets = (bound.get(id) ?? []).reduce((sum, need) => sum + need.keys.length, 0);
    edges += targets * instances.length;
    if (edges > most) {
      const what = `With \`${id}\` the pipeline has more than ${most} needs between job instances`;
      reportTooLarge(report, limits, { what, span });
      return false;
    }
  }
  return true;
}
