import { ARTIFACTS_MAX, OUTPUTS_MAX } from "../../schemas/limits.ts";
import type { Located } from "./model.ts";
import type { Report } from "../diagnostics/report.ts";
import type { Template } from "../expressions/index.ts";
import type { YamlEntry, YamlNode } from "../yaml/nodes.ts";
import { literalText } from "./literal-text.ts";
import { type Lowering, lowerDuration, lowerTemplate, lowerTemplates } from "./lowering.ts";
import type { ArtifactModel, CacheModel, NamedSpan } from "./model-parts.ts";
import { checkArtifactName, checkCacheKey, checkPaths, checkTaken } from "./part-checks.ts";
import { checkCount, checkPathCount } from "./part-limits.ts";
import { booleanOf, entryOf, itemsOf, locatedTexts, mapOf, wordOf } from "./read.ts";

/** Each is looked up before the first step and written after the last, one after the other. */
const CACHES_MAX = 10;
const EXPIRE_BOUNDS = { min: 60_000, max: 365 * 86_400_000, words: "between 1m and 365d" };

export function lowerCaches(entry: YamlEntry | null, lowering: Lowering): readonly CacheModel[] {
  const caches = limited(entry, CACHES_MAX, lowering.report);
  return withFewPaths(entry, caches, "paths", lowering.report).flatMap((item) => lowerCache(item, lowering));
}

function lowerCache(node: YamlNode, lowering: Lowering): readonly CacheModel[] {
  const map = mapOf(node);
  const key = lowerTemplate(entryOf(map, "key")?.value, lowering);
  const paths = lowerTemplates(entryOf(map, "paths")?.value, lowering);
  if (key === null) return [];
  const { report } = lowering;
  for (const one of literals([key])) checkCacheKey(one, report);
  checkPaths(literals(paths), report);
  const restoreKeys = lowerTemplates(entryOf(map, "restore_keys")?.value, lowering);
  const mode = wordOf(entryOf(map, "mode")?.value, ["read_write", "read", "write"] as const) ?? "read_write";
  return [{ key, paths, restoreKeys, mode, span: key.span }];
}

export function lowerArtifacts(entry: YamlEntry | null, lowering: Lowering): readonly ArtifactModel[] {
  const { report } = lowering;
  const items = withFewPaths(entry, limited(entry, ARTIFACTS_MAX, report), "path", report);
  const artifacts = items.flatMap((item) => lowerArtifact(item, lowering));
  checkTaken(literals(artifacts.map(({ name }) => name)), "artifact", report);
  return artifacts;
}

function lowerArtifact(node: YamlNode, lowering: Lowering): readonly ArtifactModel[] {
  const map = mapOf(node);
  const name = lowerTemplate(entryOf(map, "name")?.value, lowering);
  const paths = lowerTemplates(entryOf(map, "path")?.value, lowering);
  if (name === null) return [];
  const { report } = lowering;
  for (const one of literals([name])) checkArtifactName(one, report);
  checkPaths(literals(paths), report);
  const type = entryOf(map, "type")?.value;
  const when = entryOf(map, "when")?.value;
  return [
    {
      name,
      paths,
      type: wordOf(type, ["file", "junit", "coverage", "sarif"] as const) ?? "file",
      when: wordOf(when, ["success", "failure", "always"] as const) ?? "success",
      expireMs: lowerDuration(map, "expire", EXPIRE_BOUNDS, report),
      required: booleanOf(entryOf(map, "required")?.value) ?? false,
      span: name.span,
    },
  ];
}

export function lowerOutputs(entry: YamlEntry | null, report: Report): readonly NamedSpan[] {
  const names = limited(entry, OUTPUTS_MAX, report).flatMap((item) => locatedTexts(item));
  checkTaken(names, "output", report);
  return names.map(({ value, span }) => ({ name: value, span }));
}

/** Nothing when there are too many paths: to check each of them is what the limit is against. */
function withFewPaths(
  entry: YamlEntry | null,
  items: readonly YamlNode[],
  key: string,
  report: Report,
): readonly YamlNode[] {
  const paths = items.reduce((sum, item) => sum + itemsOf(entryOf(mapOf(item), key)?.value).length, 0);
  return entry === null || checkPathCount(entry, paths, report) ? items : [];
}

/** Beyond the limit nothing is read: it has been said, and each would be a finding of its own. */
function limited(entry: YamlEntry | null, max: number, report: Report): readonly YamlNode[] {
  const items = itemsOf(entry?.value);
  if (entry !== null) checkCount(entry, items.length, max, report);
  return items.slice(0, max);
}

function literals(templates: readonly Template[]): readonly Located<string>[] {
  return templates.flatMap((template) => {
    const value = literalText(template);
    return value === null ? [] : [{ value, span: template.span }];
  });
}
