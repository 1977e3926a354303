import type { Report } from "../diagnostics/report.ts";
import type { YamlEntry, YamlMap } from "../yaml/nodes.ts";
import type { ChangesModel, ComponentsModel, DeclaredComponent, UnownedModel } from "./model.ts";
import { entryOf, globList, locatedTexts, mapOf, textOf } from "./read.ts";
import { folderProblem, normalizeFolder } from "./folder.ts";

export function lowerComponents(root: YamlMap, report: Report): ComponentsModel {
  const declared = mapOf(entryOf(root, "components")?.value)?.entries.values() ?? [];
  const discover = entryOf(root, "discover");
  return {
    declared: Array.from(declared).flatMap((entry) => lowerComponent(entry, report)),
    discover: discover && locatedTexts(discover.value),
    unowned: lowerUnowned(entryOf(root, "unowned")),
    globalInputs: globList(entryOf(root, "global_inputs")),
  };
}

function lowerComponent(entry: YamlEntry, report: Report): readonly DeclaredComponent[] {
  const map = mapOf(entry.value);
  const rootNode = entryOf(map, "root")?.value;
  const root = textOf(rootNode);
  if (root === null || rootNode === undefined) return [];
  const problem = folderProblem(root);
  if (problem !== null) report.add("DC1112", rootNode.span, problem);
  return [
    {
      id: { value: entry.key, span: entry.keySpan },
      root: { value: problem === null ? normalizeFolder(root) : ".", span: rootNode.span },
      inputs: globList(entryOf(map, "inputs")),
      dependsOn: locatedTexts(entryOf(map, "depends_on")?.value),
      outputs: globList(entryOf(map, "outputs")),
    },
  ];
}

function lowerUnowned(entry: YamlEntry | null): UnownedModel {
  const word = textOf(entry?.value);
  if (entry === null || word !== null) {
    return { span: entry?.keySpan ?? null, rule: word === "error" ? "error" : "all", components: [] };
  }
  return { span: entry.keySpan, rule: "components", components: locatedTexts(entry.value) };
}

export function lowerChanges(root: YamlMap): ChangesModel {
  const map = mapOf(entryOf(root, "changes")?.value);
  const base = entryOf(map, "base")?.value;
  const text = textOf(base);
  return {
    base: base && text !== null ? { value: text, span: base.span } : null,
    ignore: globList(entryOf(map, "ignore")),
  };
}
