import type { Report } from "../diagnostics/report.ts";
import { findCycle } from "./find-cycle.ts";
import type { JobDraft } from "./lower-job.ts";

/** Jobs that are told from each end of a circle. Nobody reads a thousand; where it begins and closes is what helps. */
const CYCLE_END_JOBS_MAX = 5;

/** One circle of needs is told at a time (DC1204), from its first job in the file, with the places of its needs. */
export function reportCycle(
  drafts: readonly JobDraft[],
  byId: ReadonlyMap<string, JobDraft>,
  report: Report,
): void {
  const needsOf = (id: string) => byId.get(id)?.needs ?? [];
  const cycle = findCycle(
    drafts.map(({ id }) => id),
    (id) =>
      needsOf(id)
        .map(({ job }) => job.value)
        .filter((need) => byId.has(need)),
  );
  if (cycle === null) return;
  const places = ends(cycle.length).flatMap((index) => {
    const [id, next] = [cycle[index] ?? "", cycle[(index + 1) % cycle.length]];
    const need = needsOf(id).find(({ job }) => job.value === next);
    return need ? [{ span: need.job.span, message: `\`${id}\` needs \`${next}\`` }] : [];
  });
  const [first, ...related] = places;
  report.add("DC1204", first?.span ?? null, sentence(cycle), { related });
}

/** Places in a circle that are told: all of a short one, else those at its ends. */
function ends(length: number): readonly number[] {
  const all = Array.from({ length }, (_, index) => index);
  if (length <= 2 * CYCLE_END_JOBS_MAX) return all;
  return [...all.slice(0, CYCLE_END_JOBS_MAX), ...all.slice(-CYCLE_END_JOBS_MAX)];
}

function sentence(cycle: readonly string[]): string {
  if (cycle.length === 1) return `\`${cycle[0]}\` needs itself`;
  const told = ends(cycle.length).map((index) => `\`${cycle[index]}\``);
  const between = cycle.length - told.length;
  if (between > 0) told.splice(CYCLE_END_JOBS_MAX, 0, `${between} more`);
  return `Jobs need each other in a circle: ${[...told, `\`${cycle[0]}\``].join(" -> ")}`;
}
