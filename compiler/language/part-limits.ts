import type { Report } from "../diagnostics/report.ts";
import type { YamlEntry } from "../yaml/nodes.ts";

/** Counted when defaults and templates are merged in; said as the schema says it of a single list. */
export function checkCount({ key, keySpan }: YamlEntry, count: number, max: number, report: Report): void {
  if (count > max) report.add("DC1106", keySpan, `\`${key}\` has more than ${max} entries`);
}
