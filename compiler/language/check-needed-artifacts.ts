import type { Span } from "../../schemas/diagnostic.ts";
import type { Report } from "../diagnostics/report.ts";
import { NEEDED_ARTIFACTS_MAX } from "../../schemas/limits.ts";
import { didYouMean } from "../diagnostics/suggest.ts";
import { literalText } from "./literal-text.ts";
import type { JobDraft, WrittenNeed } from "./lower-job.ts";
import type { JobModel } from "./model.ts";

/** Artifacts asked of a needed job that it does not have, as far as both names are plain text. */
export function checkNeededArtifacts(drafts: readonly JobDraft[], report: Report): void {
  const byId = new Map(drafts.map((draft) => [draft.id, draft]));
  for (const { needs } of drafts) {
    for (const need of needs) {
      const needed = need.artifacts.length === 0 ? undefined : byId.get(need.job.value);
      if (needed !== undefined) checkNeed(need, needed, report);
    }
  }
}

function checkNeed(need: WrittenNeed, needed: JobDraft, report: Report): void {
  const names = needed.shared.artifacts.map(({ name }) => literalText(name));
  if (!names.every((name) => name !== null)) return;
  for (const artifact of need.artifacts) {
    const name = literalText(artifact);
    if (name !== null && !names.includes(name))
      reportUnknownArtifact({ job: needed.id, span: needed.span, names }, name, artifact.span, report);
  }
}

/** Of all jobs that one instance needs: an edge to a matrix asks for each name as often as cells have it. */
export function checkNeededCount(job: JobModel, count: number, report: Report): void {
  if (count <= NEEDED_ARTIFACTS_MAX) return;
  const words = `\`${job.id}\` needs ${count} artifacts, and one job can have at most ${NEEDED_ARTIFACTS_MAX}`;
  report.add("DC1106", job.span, words);
}

export function reportUnknownArtifact(
  needed: { readonly job: string; readonly span: Span; readonly names: readonly string[] },
  name: string,
  span: Span,
  report: Report,
): void {
  const { job, names } = needed;
  const hint = didYouMean(name, names) || (names.length === 0 ? "; it leaves none behind" : "");
  const related = [{ span: needed.span, message: `\`${job}\` is written here` }];
  report.add("DC1125", span, `\`${job}\` has no artifact \`${name}\`${hint}`, { related });
}
