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
  return merge(base, over, report, Number.POSITIVE_INFINITY);
}

/**
 * Levels of keys above what is merged once more, over templates and defaults, after all files are one:
 * `+key` and null that find nothing here are kept for what comes below them then.
 */
const LEVELS_ABOVE_LAYERS: Readonly<Record<string, number>> = {
  defaults: 0,
  jobs: 1,
  finally: 1,
  templates: 1,
};

/** The merge law for whole files, whose jobs are layers of their own later. */
export function mergeFiles(base: YamlMap | null, over: YamlMap, report: Report): YamlMap {
  const levelsOf = (key: string): number => LEVELS_ABOVE_LAYERS[key] ?? Number.POSITIVE_INFINITY;
  return mergeEntries(base, over, report, { isPending: false, levelsOf });
}

/** `levels` below this one the maps are layers that are merged again. */
function merge(base: YamlMap | null, over: YamlMap, report: Report, levels: number): YamlMap {
  return mergeEntries(base, over, report, { isPending: levels <= 0, levelsOf: () => levels - 1 });
}

interface MergeDepth {
  readonly isPending: boolean;
  readonly levelsOf: (key: string) => number;
}

function mergeEntries(
  base: YamlMap | null,
  over: YamlMap,
  report: Report,
  { isPending, levelsOf }: MergeDepth,
): YamlMap {
  const entries = new Map<string, YamlEntry>(base?.entries);
  for (const entry of over.entries.values()) {
    const isAppend = entry.key.startsWith(APPEND) && entry.value.kind !== "map";
    const key = isAppend ? entry.key.slice(APPEND.length) : entry.key;
    const below = entries.get(key);
    const keep = isPending && below === undefined;
    if (isNothing(entry.value)) {
      entries.delete(APPEND + key);
      if (keep) entries.set(entry.key, entry);
      else removeKey(entries, entry, report);
    } else if (isAppend && keep) entries.set(entry.key, append(entries.get(entry.key), entry));
    else if (isAppend) entries.set(key, append(below, { ...entry, key }));
    else {
      entries.delete(APPEND + key);
      const value = mergeNodes(below?.value, entry.value, report, levelsOf(key));
      entries.set(key, value === entry.value ? entry : { ...entry, value });
    }
  }
  return { kind: "map", entries, span: over.span };
}

function mergeNodes(below: YamlNode | undefined, over: YamlNode, report: Report, levels: number): YamlNode {
  return over.kind === "map" ? merge(below?.kind === "map" ? below : null, over, report, levels) : over;
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
  if (node === undefined || isNothing(node)) return [];
  return node.kind === "list" ? node.items : [node];
}
