import type { Report } from "../diagnostics/report.ts";
import type { YamlEntry, YamlMap, YamlNode } from "../yaml/nodes.ts";

/** Before a key: adds to the list below instead of replacing it. */
const APPEND = "+";

/**
 * The merge law, the same for defaults, templates, includes and environments: maps are merged deep,
 * everything else is replaced, `+key` appends to a list, null takes a key away. Each value keeps the
 * place it was written at.
 */
export function mergeMaps(base: YamlMap | null, over: YamlMap, report: Report): YamlMap {
  const entries = new Map<string, YamlEntry>(base?.entries);
  for (const entry of over.entries.values()) {
    const isAppend = entry.key.startsWith(APPEND) && entry.value.kind !== "map";
    const key = isAppend ? entry.key.slice(APPEND.length) : entry.key;
    const below = entries.get(key);
    if (isNothing(entry.value)) removeKey(entries, entry, report);
    else if (isAppend) entries.set(key, append(below, { ...entry, key }));
    else entries.set(key, { ...entry, value: mergeNodes(below?.value, entry.value, report) });
  }
  return { kind: "map", entries, span: over.span };
}

function mergeNodes(below: YamlNode | undefined, over: YamlNode, report: Report): YamlNode {
  return over.kind === "map" ? mergeMaps(below?.kind === "map" ? below : null, over, report) : over;
}

function append(below: YamlEntry | undefined, entry: YamlEntry): YamlEntry {
  const items = [...itemsOf(below?.value), ...itemsOf(entry.value)];
  return { ...entry, value: { kind: "list", items, span: entry.value.span } };
}

function removeKey(entries: Map<string, YamlEntry>, entry: YamlEntry, report: Report): void {
  if (entries.delete(entry.key)) return;
  report.add(
    "DC1103",
    entry.keySpan,
    `\`${entry.key}\` has no value, and there is none below it to take away`,
  );
}

function isNothing(node: YamlNode): boolean {
  return node.kind === "scalar" && node.value === null;
}

function itemsOf(node: YamlNode | undefined): readonly YamlNode[] {
  if (node === undefined) return [];
  return node.kind === "list" ? node.items : [node];
}
