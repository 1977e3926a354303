import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { booleanOf, itemsOf, mapOf } from "../../language/read.ts";
import type { YamlEntry, YamlNode } from "../../yaml/nodes.ts";
import { allOf, literal, NEVER, type RuleDraft } from "../emit.ts";
import { changed, KeyReader, leftOut, scalarText, scalarTexts } from "../reader.ts";
import { convertCondition } from "./condition.ts";

const NOT_YET = "converted from a rule that has no counterpart";

/**
 * `rules`. From a rule on that cannot be converted, the job does not run: which of the later ones it
 * would have hidden is not known.
 */
export function convertRules(entry: YamlEntry, report: Report): readonly RuleDraft[] {
  const rules: RuleDraft[] = [];
  for (const item of itemsOf(entry.value)) {
    const rule = convertRule(item, report);
    if (rule === null) return [...rules, { run: "never", reason: NOT_YET }];
    rules.push(rule);
  }
  return rules.length === 0 ? [{ run: "never", reason: "no rule was written" }] : rules;
}

/** Null when it cannot be converted, which is then told. */
function convertRule(item: YamlNode, report: Report): RuleDraft | null {
  const map = mapOf(item);
  if (map === null) {
    leftOut(report, item.span, "This rule is no map; it and the rules after it were left out");
    return null;
  }
  const reader = new KeyReader(map, report);
  const written = reader.take("if");
  const test = written === null ? null : ifOf(written, report);
  const exists = reader.node("exists");
  const when = reader.take("when");
  const changes = changesOf(reader.take("changes"), report);
  const allows = reader.take("allow_failure");
  if (booleanOf(allows?.value) === true && allows !== null)
    leftOut(report, allows.keySpan, "`allow_failure` of a rule has no counterpart and was left out");
  reader.finish("a rule");
  if (test === undefined || changes === undefined) return null;
  const word = scalarText(when?.value) ?? "on_success";
  if (when !== null && !["on_success", "never", "always", "manual"].includes(word)) {
    changed(report, when.keySpan, `\`when: ${word}\` has no counterpart; the job does not run in its place`);
  }
  const files =
    exists === undefined
      ? null
      : scalarTexts(exists)
          .map((path) => `exists(${literal(path)})`)
          .join(" || ");
  const condition = allOf([test, files]);
  const runs = word === "on_success" || word === "always";
  const empty = condition === undefined && changes === null;
  return {
    if: empty && runs ? "true" : condition,
    changes: changes ?? undefined,
    run: runs ? undefined : word === "manual" ? "manual" : "never",
    reason:
      runs || word === "never" || word === "manual" ? undefined : `\`when: ${word}\` before the conversion`,
  };
}

/** Undefined when it cannot be converted. */
function ifOf({ value, keySpan }: YamlEntry, report: Report): string | undefined {
  const converted = convertCondition(scalarText(value) ?? "");
  if ("condition" in converted) return converted.condition;
  leftOut(
    report,
    value.kind === "scalar" ? value.span : keySpan,
    `This condition was left out, and with it every job that it decides: ${converted.problem}`,
  );
  return undefined;
}

/** Null when there is none, undefined when it cannot be converted. */
function changesOf(entry: YamlEntry | null, report: Report): readonly string[] | null | undefined {
  if (entry === null) return null;
  const map = mapOf(entry.value);
  const reader = map === null ? null : new KeyReader(map, report);
  const paths = scalarTexts(reader === null ? entry.value : reader.node("paths"));
  reader?.finish("`changes`", { compare_to: "is `changes.base` of the whole pipeline" });
  if (paths.length > 0 && paths.every((path) => !path.includes("$")))
    return paths.map((path) => path.replace(/^\//, ""));
  leftOut(
    report,
    entry.keySpan,
    "These paths hold variables or are none; the rule and those after it were left out",
  );
  return undefined;
}

const REFS: Readonly<Record<string, string>> = {
  branches: "event.kind != 'pull_request' && ref.kind == 'branch'",
  tags: "ref.kind == 'tag'",
  merge_requests: "event.kind == 'pull_request'",
  pushes: "event.kind == 'push'",
  schedules: "event.kind == 'schedule'",
  web: "event.kind == 'manual'",
  api: "event.kind == 'api'",
  triggers: "event.kind == 'api'",
};

/** `only` and `except` as one condition, with the paths of `only`. */
export function convertOnly(
  only: YamlEntry | null,
  except: YamlEntry | null,
  report: Report,
): { readonly if: string | undefined; readonly changes: readonly string[] | undefined } {
  const wanted = only === null ? null : refsOf(only, report);
  const unwanted = except === null ? null : refsOf(except, report);
  if (unwanted?.changes !== undefined && except !== null)
    leftOut(report, except.keySpan, "`changes` under `except` has no counterpart and was left out");
  const no =
    unwanted === null || unwanted.if === undefined
      ? undefined
      : unwanted.if === NEVER
        ? NEVER
        : `!(${unwanted.if})`;
  return { if: allOf([wanted?.if, no]), changes: wanted?.changes };
}

function refsOf(entry: YamlEntry, report: Report) {
  const map = mapOf(entry.value);
  const reader = map === null ? null : new KeyReader(map, report);
  const node = reader === null ? entry.value : reader.node("refs");
  const changes = reader?.node("changes");
  reader?.finish(`\`${entry.key}\``);
  const conditions = itemsOf(node).map((item) => refCondition(scalarText(item) ?? "", item, report));
  const said = conditions.filter((one) => one !== null);
  return {
    if:
      node === undefined
        ? undefined
        : said.length < conditions.length || said.length === 0
          ? NEVER
          : said.join(" || "),
    changes: changes === undefined ? undefined : scalarTexts(changes),
  };
}

function refCondition(ref: string, { span }: YamlNode, report: Report): string | null {
  const known = Object.hasOwn(REFS, ref) ? REFS[ref] : undefined;
  if (known !== undefined) return known.includes("&&") ? `(${known})` : known;
  if (!ref.startsWith("/") && /^[\w./-]+$/.test(ref))
    return `(event.kind != 'pull_request' && ref.name == ${literal(ref)})`;
  const converted = convertCondition(`$CI_COMMIT_REF_NAME =~ ${ref}`);
  if ("condition" in converted) return converted.condition;
  leftOut(report, span, `${quote(ref)} was left out, so the job does not run: ${converted.problem}`);
  return null;
}
