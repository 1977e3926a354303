import { itemsOf, mapOf } from "../../language/read.ts";
import type { YamlEntry, YamlNode } from "../../yaml/nodes.ts";
import { allOf, literal, type RuleDraft } from "../emit.ts";
import { changed, KeyReader, leftOut, scalarText, scalarTexts } from "../reader.ts";
import { allowFailureOf } from "./allow-failure.ts";
import { convertCondition } from "./condition.ts";
import type { Scope } from "./scope.ts";
import { environmentOf, readVariables } from "./variables.ts";

const NOT_YET = "converted from a rule that has no counterpart";

/** Keys of a rule beside those that are read here. */
const WHY: Readonly<Record<string, string>> = {
  needs: "would be other needs for one rule",
  start_in: "is a delay, and no job here waits for a time",
};

/**
 * `rules`. From a rule on that cannot be converted, the job does not run: which of the later ones it
 * would have hidden is not known.
 */
export function convertRules(entry: YamlEntry, scope: Scope, of: "job" | "pipeline"): readonly RuleDraft[] {
  const rules: RuleDraft[] = [];
  for (const item of flat(itemsOf(entry.value))) {
    const rule = convertRule(item, scope, of);
    if (rule === null) return [...rules, { run: "never", reason: NOT_YET }];
    rules.push(rule);
  }
  return rules.length === 0 ? [{ run: "never", reason: "no rule was written" }] : rules;
}

/** Rules of a rule: GitLab takes lists in lists as one. */
function flat(items: readonly YamlNode[]): readonly YamlNode[] {
  return items.flatMap((item) => (item.kind === "list" ? flat(item.items) : [item]));
}

/** Null when it cannot be converted, which is then told. */
function convertRule(item: YamlNode, scope: Scope, of: "job" | "pipeline"): RuleDraft | null {
  const { report } = scope;
  const map = mapOf(item);
  if (map === null) {
    leftOut(report, item.span, "This rule is no map; it and the rules after it were left out");
    return null;
  }
  const reader = new KeyReader(map, report);
  const when = reader.take("when");
  const word = scalarText(when?.value) ?? "on_success";
  const written = reader.take("if");
  const test = written === null ? null : ifOf(written, scope, word !== "never");
  const exists = existsOf(reader.take("exists"), scope);
  const changes = changesOf(reader.take("changes"), scope);
  const set = setOf(reader, scope, of);
  reader.finish("a rule", WHY);
  if (test === undefined || exists === undefined || changes === undefined) return null;
  const isKnown = ["on_success", "never", "always", "manual"].includes(word);
  if (when !== null && !isKnown)
    changed(report, when.keySpan, `\`when: ${word}\` has no counterpart; the job does not run in its place`);
  const condition = allOf([test, exists]);
  const runs = word === "on_success" || word === "always";
  const isEmpty = condition === undefined && changes === null && set === undefined;
  return {
    if: isEmpty && runs ? "true" : condition,
    changes: changes ?? undefined,
    run: runs ? undefined : word === "manual" ? "manual" : "never",
    reason: isKnown ? undefined : `\`when: ${word}\` before the conversion`,
    set: word === "never" || !isKnown ? undefined : set,
  };
}

/** What a rule sets when it decides. The pipeline's rules set values of `vars`, a job's its environment and more. */
function setOf(reader: KeyReader, scope: Scope, of: "job" | "pipeline"): RuleDraft["set"] {
  const { report, texts } = scope;
  const env = environmentOf(readVariables(reader.node("variables"), report), texts, report);
  const hasEnv = Object.keys(env).length > 0;
  if (of === "pipeline") {
    reader.take("auto_cancel");
    return hasEnv ? { vars: env } : undefined;
  }
  const allows = allowFailureOf(reader.take("allow_failure"));
  const interruptible = scalarText(reader.node("interruptible"));
  if (!hasEnv && allows === undefined && interruptible === null) return undefined;
  return {
    ...(hasEnv ? { env } : {}),
    ...(allows === undefined ? {} : { allow_failure: allows }),
    ...(interruptible === null ? {} : { interruptible: interruptible === "true" }),
  };
}

/** Undefined when it cannot be converted. A rule that keeps a job out must know all that it reads. */
function ifOf({ value, keySpan }: YamlEntry, scope: Scope, mayBeUnset: boolean): string | undefined {
  const span = value.kind === "scalar" ? value.span : keySpan;
  const lookup = (name: string, onlyWhenSet: boolean) =>
    scope.variable(name, onlyWhenSet && mayBeUnset, span);
  const converted = convertCondition(scalarText(value) ?? "", lookup);
  if ("condition" in converted) {
    for (const note of converted.notes ?? []) changed(scope.report, span, `In this condition, ${note}`);
    return converted.condition;
  }
  leftOut(
    scope.report,
    span,
    `This condition was left out, and with it every job that it decides: ${converted.problem}`,
  );
  return undefined;
}

/** Null when there is none, undefined when it cannot be converted. */
function existsOf(entry: YamlEntry | null, scope: Scope): string | null | undefined {
  if (entry === null) return null;
  const map = mapOf(entry.value);
  const reader = map === null ? null : new KeyReader(map, scope.report);
  const paths = plainPaths(reader === null ? entry.value : reader.node("paths"), entry, scope);
  reader?.finish("`exists`", { project: "is another project" });
  if (paths === undefined || reader?.entries().length) return undefined;
  const tests = paths.map((path) => `exists(${literal(path)})`);
  return tests.length > 1 ? `(${tests.join(" || ")})` : tests.join("");
}

/** Null when there is none, undefined when it cannot be converted. */
function changesOf(entry: YamlEntry | null, scope: Scope): readonly string[] | null | undefined {
  if (entry === null) return null;
  const map = mapOf(entry.value);
  const reader = map === null ? null : new KeyReader(map, scope.report);
  const paths = plainPaths(reader === null ? entry.value : reader.node("paths"), entry, scope);
  reader?.finish("`changes`", { compare_to: "is `changes.base` of the whole pipeline" });
  return paths;
}

function plainPaths(
  node: YamlNode | undefined,
  entry: YamlEntry,
  scope: Scope,
): readonly string[] | undefined {
  const paths = scalarTexts(node).map((path) => scope.texts.expand(path.replace(/^\.?\//, "")));
  const plain = paths.filter((path) => path !== null && path !== "" && !path.includes("${{"));
  if (plain.length > 0 && plain.length === paths.length) return plain.filter((path) => path !== null);
  leftOut(
    scope.report,
    entry.keySpan,
    "These paths hold variables or are none; the rule and those after it were left out",
  );
  return undefined;
}
