import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { entryOf, locatedTexts, mapOf } from "../../language/read.ts";
import type { YamlEntry, YamlMap } from "../../yaml/nodes.ts";
import { leftOut } from "../reader.ts";

/** Jobs that one job may extend, those that they extend included. */
const PARENTS_MAX = 64;

/** The job over everything it extends: maps are merged deep, everything else is replaced. */
export function extended(job: YamlMap, all: ReadonlyMap<string, YamlEntry>, report: Report): YamlMap {
  const layers: YamlMap[] = [];
  collect(job, all, [], layers, report);
  return layers.reduce(merged);
}

function collect(
  job: YamlMap,
  all: ReadonlyMap<string, YamlEntry>,
  chain: readonly string[],
  layers: YamlMap[],
  report: Report,
): void {
  for (const { value: name, span } of locatedTexts(entryOf(job, "extends")?.value)) {
    const parent = mapOf(all.get(name)?.value);
    if (parent === null || chain.includes(name) || layers.length >= PARENTS_MAX)
      leftOut(
        report,
        span,
        `${quote(name)} is in none of the files that were read, or too deep, and was left out`,
      );
    else collect(parent, all, [...chain, name], layers, report);
  }
  layers.push({ ...job, entries: new Map([...job.entries].filter(([key]) => key !== "extends")) });
}

/** Maps are merged deep, everything else is replaced. */
export function merged(below: YamlMap, over: YamlMap): YamlMap {
  const entries = new Map(below.entries);
  for (const [key, entry] of over.entries) {
    const base = mapOf(entries.get(key)?.value);
    const own = mapOf(entry.value);
    entries.set(key, base !== null && own !== null ? { ...entry, value: merged(base, own) } : entry);
  }
  return { ...over, entries };
}
