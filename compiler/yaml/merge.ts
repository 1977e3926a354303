import type { Span } from "../../schemas/diagnostic.ts";
import type { Report } from "../diagnostics/report.ts";
import { describeNode, type YamlEntry, type YamlMap, type YamlNode } from "./nodes.ts";

/** The key that takes another map's entries in. */
export const MERGE_KEY = "<<";

export interface MergeSource {
  readonly keySpan: Span;
  readonly value: YamlNode;
}

/**
 * A map's own entries with those of its merge keys: its own win, then the earlier source. An entry
 * that was taken in keeps the place it was written at.
 */
export function applyMerges(
  own: ReadonlyMap<string, YamlEntry>,
  merges: readonly MergeSource[],
  report: Report,
): ReadonlyMap<string, YamlEntry> {
  if (merges.length === 0) return own;
  const entries = new Map<string, YamlEntry>();
  for (const source of merges.flatMap((merge) => sourcesOf(merge, report))) {
    for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, entry);
  }
  for (const [key, entry] of own) entries.set(key, entry);
  return entries;
}

function sourcesOf(merge: MergeSource, report: Report): readonly YamlMap[] {
  const { value } = merge;
  if (value.kind === "map") return [value];
  const items = value.kind === "list" ? value.items : [value];
  const maps = items.filter((item) => item.kind === "map");
  const wrong = items.find((item) => item.kind !== "map");
  if (wrong) {
    report.add("DC1019", merge.keySpan, `\`<<\` takes a map or a list of maps, not ${describeNode(wrong)}`);
  }
  return maps;
}
