import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import type { YamlEntry, YamlList, YamlMap, YamlNode } from "../../yaml/nodes.ts";
import { isReference } from "../foreign-yaml.ts";
import { leftOut, scalarTexts } from "../reader.ts";

/** References inside what references lead to; GitLab follows as many. */
const DEPTH_MAX = 10;
/** Items that references may put into lists, all together; what needs more was made to. */
const SPLICED_MAX = 100_000;

/** The file with what stands at the end of each `!reference` in its place. Those that lead nowhere stay. */
export function resolveReferences(root: YamlMap): YamlMap {
  const known = new Map<YamlNode, YamlNode>();
  let spliced = 0;
  const resolve = (node: YamlNode, depth: number): YamlNode => {
    if (node.kind === "scalar") return node;
    const before = known.get(node);
    if (before !== undefined) return before;
    const answer = node.kind === "list" && isReference(node) ? follow(node, depth) : within(node, depth);
    known.set(node, answer);
    return answer;
  };
  const follow = (node: YamlNode, depth: number): YamlNode => {
    const target = depth >= DEPTH_MAX ? null : at(root, scalarTexts(node));
    return target === null || target === node ? node : resolve(target, depth + 1);
  };
  const within = (node: YamlMap | YamlList, depth: number): YamlNode => {
    if (node.kind === "map") return { ...node, entries: entriesOf(node, (value) => resolve(value, depth)) };
    return {
      ...node,
      items: node.items.flatMap((item) => {
        const answer = resolve(item, depth);
        if (item.kind !== "list" || !isReference(item) || answer.kind !== "list" || answer === item)
          return [answer];
        spliced += answer.items.length;
        return spliced > SPLICED_MAX ? [item] : answer.items;
      }),
    };
  };
  return { ...root, entries: entriesOf(root, (value) => resolve(value, 0)) };
}

/** The job without references that lead nowhere, each of which is told. */
export function withoutReferences(job: YamlMap, report: Report): YamlMap {
  const clean = (node: YamlNode): YamlNode | null => {
    if (node.kind === "scalar") return node;
    if (node.kind === "list" && isReference(node)) {
      const path = scalarTexts(node).join(", ");
      leftOut(
        report,
        node.span,
        `Nothing stands at ${quote(path)} in the files that were read; this was left out`,
      );
      return null;
    }
    if (node.kind === "list") return { ...node, items: node.items.flatMap((item) => clean(item) ?? []) };
    return cleanMap(node);
  };
  const cleanMap = (map: YamlMap): YamlMap => ({
    ...map,
    entries: new Map(
      [...map.entries].flatMap(([key, entry]): [string, YamlEntry][] => {
        const value = clean(entry.value);
        return value === null ? [] : [[key, { ...entry, value }]];
      }),
    ),
  });
  return cleanMap(job);
}

function entriesOf(map: YamlMap, change: (node: YamlNode) => YamlNode): ReadonlyMap<string, YamlEntry> {
  return new Map(Array.from(map.entries, ([key, entry]) => [key, { ...entry, value: change(entry.value) }]));
}

function at(root: YamlMap, path: readonly string[]): YamlNode | null {
  let node: YamlNode | null = path.length === 0 ? null : root;
  for (const key of path) node = node?.kind === "map" ? (node.entries.get(key)?.value ?? null) : null;
  return node;
}
