import type { Report } from "../diagnostics/report.ts";
import type { YamlEntry } from "../yaml/nodes.ts";

/** Paths of all artifacts, or all caches, of one job. A template multiplies them by every job that extends it. */
const PATHS_MAX = 200;

/** False, and reported, when there are more. */
export function checkPathCount({ key, keySpan }: YamlEntry, count: number, report: Report): boolean {
  if (count <= PATHS_MAX) return true;
  report.add("DC1106", keySpan, `\`${key}\` has more than ${PATHS_MAX} paths`);
  return false;
}

/** Counted when defaults and templates are merged in; said as the schema says it of a single list. */
export function checkCount({ key, keySpan }: YamlEntry, count: number, max: number, report: Report): void {
  if (count > max) report.add("DC1106", keySpan, `\`${key}\` has more than ${max} entries`);
}
