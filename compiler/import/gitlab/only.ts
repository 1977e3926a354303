import { quote } from "../../diagnostics/quote.ts";
import { itemsOf, mapOf } from "../../language/read.ts";
import type { YamlEntry, YamlNode } from "../../yaml/nodes.ts";
import { allOf, literal, NEVER } from "../emit.ts";
import { changed, KeyReader, leftOut, scalarText, scalarTexts } from "../reader.ts";
import { convertCondition } from "./condition.ts";
import type { Scope } from "./scope.ts";

const REFS: Readonly<Record<string, string>> = {
  branches: "event.kind != 'pull_request' && ref.kind == 'branch'",
  tags: "ref.kind == 'tag'",
  merge_requests: "event.kind == 'pull_request'",
  pushes: "event.kind == 'push'",
  schedules: "event.kind == 'schedule'",
  web: "event.kind == 'manual'",
  api: "event.kind == 'api'",
  triggers: "event.kind == 'api'",
  // Nothing here starts a pipeline in these ways.
  external: NEVER,
  external_pull_requests: NEVER,
  pipelines: NEVER,
  chat: NEVER,
};

export interface Asked {
  readonly if: string | undefined;
  readonly changes: readonly string[] | undefined;
}

/** `only` and `except` as one condition, with the paths of `only`. */
export function convertOnly(only: YamlEntry | null, except: YamlEntry | null, scope: Scope): Asked {
  const wanted = only === null ? null : refsOf(only, scope);
  const unwanted = except === null ? null : refsOf(except, scope);
  if (unwanted?.changes !== undefined && except !== null)
    leftOut(scope.report, except.keySpan, "`changes` under `except` has no counterpart and was left out");
  return { if: allOf([wanted?.if, keptOut(unwanted)]), changes: wanted?.changes };
}

function keptOut(unwanted: ReturnType<typeof refsOf> | null): string | undefined {
  if (unwanted === null || unwanted.if === undefined) return undefined;
  // A condition that could not be converted keeps the job out; one that never holds keeps nothing out.
  if (!unwanted.isWhole) return NEVER;
  return unwanted.if === NEVER ? undefined : `!(${unwanted.if})`;
}

function refsOf(entry: YamlEntry, scope: Scope) {
  const { report } = scope;
  const map = mapOf(entry.value);
  const reader = map === null ? null : new KeyReader(map, report);
  const node = reader === null ? entry.value : reader.node("refs");
  const changes = reader?.node("changes");
  const variables = reader?.node("variables");
  reader?.finish(`\`${entry.key}\``);
  const refs = itemsOf(node).map((item) => refCondition(scalarText(item) ?? "", item, scope));
  const asked = itemsOf(variables).map((item) => conditionOf(scalarText(item) ?? "", item, scope));
  const isWhole = [...refs, ...asked].every((one) => one !== null);
  const said = (conditions: readonly (string | null)[]): string | undefined => {
    const known = [...new Set(conditions.flatMap((one) => (one === null || one === NEVER ? [] : [one])))];
    return conditions.length === 0 ? undefined : known.join(" || ") || NEVER;
  };
  const joined = entry.key === "only" ? allOf([said(refs), said(asked)]) : said([...refs, ...asked]);
  return {
    isWhole,
    if: isWhole ? joined : NEVER,
    changes: changes === undefined ? undefined : scalarTexts(changes),
  };
}

function conditionOf(source: string, { span }: YamlNode, scope: Scope): string | null {
  const converted = convertCondition(source, (name, onlyWhenSet) => scope.variable(name, onlyWhenSet, span));
  if ("condition" in converted) return `(${converted.condition})`;
  leftOut(scope.report, span, `${quote(source)} was left out, so the job does not run: ${converted.problem}`);
  return null;
}

function refCondition(written: string, { span }: YamlNode, { report, repository }: Scope): string | null {
  // `@group/project` keeps copies of the repository from running the job.
  const [, ref = written, project = null] = /^(.+)@([\w./-]+)$/.exec(written) ?? [];
  if (project !== null && repository !== null && project !== repository) return NEVER;
  if (project !== null && repository === null)
    changed(
      report,
      span,
      `${quote(written)} means the repository ${quote(project)} alone; here a copy of it runs the job as well, unless \`--repository\` says which one this is`,
    );
  const known = Object.hasOwn(REFS, ref) ? REFS[ref] : undefined;
  if (known !== undefined) return known.includes("&&") ? `(${known})` : known;
  if (!ref.startsWith("/") && /^[\w./-]+$/.test(ref))
    return `(event.kind != 'pull_request' && ref.name == ${literal(ref)})`;
  const converted = convertCondition(`$CI_COMMIT_REF_NAME =~ ${ref}`);
  if ("condition" in converted) return `(event.kind != 'pull_request' && ${converted.condition})`;
  leftOut(report, span, `${quote(ref)} was left out, so the job does not run: ${converted.problem}`);
  return null;
}
