import type { YamlEntry, YamlMap } from "../yaml/nodes.ts";

/** The merge law: maps are merged deep, everything else is replaced. Each value keeps the place it was written at. */
export function mergeMaps(base: YamlMap | null, over: YamlMap): YamlMap {
  if (base === null) return over;
  const entries = new Map<string, YamlEntry>(base.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key);
    const isBothMaps = below?.value.kind === "map" && entry.value.kind === "map";
    entries.set(key, isBothMaps ? { ...entry, value: mergeMaps(below.value, entry.value) } : entry);
  }
  return { kind: "map", entries, span: over.span };
}
