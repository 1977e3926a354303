import type { Span } from "../../../schemas/diagnostic.ts";
import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { isGlobProblem, parseGlob } from "../../globs/index.ts";
import { itemsOf, mapOf } from "../../language/read.ts";
import type { YamlEntry, YamlNode } from "../../yaml/nodes.ts";
import type { RuleDraft } from "../emit.ts";
import { changed, KeyReader, leftOut, scalarText, scalarTexts } from "../reader.ts";
import { inputsOf } from "./inputs.ts";

export interface Triggers {
  readonly on: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly rules: readonly RuleDraft[] | undefined;
  /** Whether no event that starts it there is one here. */
  readonly isNever: boolean;
}

/** `on`, with the inputs of a manual start, and rules where `on` cannot say it. */
export function convertTriggers(entry: YamlEntry | null, report: Report): Triggers {
  const on: Record<string, unknown> = {};
  const inputs: Record<string, unknown> = {};
  let rules: readonly RuleDraft[] | undefined;
  for (const { name, span, value } of eventsOf(entry)) {
    const map = mapOf(value);
    const reader = map === null ? null : new KeyReader(map, report);
    switch (name) {
      case "push":
        on["push"] = filters(reader, ["branches", "tags", "paths"], "push", report);
        break;
      case "pull_request": {
        const { paths, ...asked } = pullRequest(reader, span, report);
        if (asked.types?.length !== 0) on["pull_request"] = asked;
        if (paths !== undefined) rules = requestRules(paths);
        break;
      }
      case "workflow_dispatch":
        on["manual"] = {};
        Object.assign(inputs, inputsOf(reader?.map("inputs") ?? null, report));
        reader?.finish("`workflow_dispatch`");
        break;
      case "repository_dispatch":
        on["api"] = {};
        reader?.finish("`repository_dispatch`");
        break;
      case "schedule":
        on["schedule"] = schedules(value, report);
        break;
      default:
        leftOut(
          report,
          span,
          `The event ${quote(name)} ${EVENT_WHY[name] ?? "has no counterpart"} and was left out`,
        );
    }
  }
  // Without `on` every event would start it.
  if (Object.keys(on).length > 0) return { on, inputs, rules, isNever: false };
  return {
    on: { api: {} },
    inputs,
    rules: [{ run: "never", reason: "no event that started it has a counterpart" }],
    isNever: true,
  };
}

const EVENT_WHY: Readonly<Record<string, string>> = {
  workflow_call: "is a call by another workflow (convert that one, with this beside it)",
  pull_request_target: "runs with rights of the target for anybody's change",
  workflow_run: "is the end of another workflow (make its jobs `needs` of one pipeline)",
  merge_group: "is a queue of the forge",
  release: "is a release of the forge (a push of its tag is `push.tags`)",
};

interface NamedEvent {
  readonly name: string;
  readonly span: Span;
  readonly value: YamlNode | undefined;
}

function eventsOf(entry: YamlEntry | null): readonly NamedEvent[] {
  const map = mapOf(entry?.value);
  if (map !== null)
    return Array.from(map.entries.values(), ({ key, keySpan, value }) => ({
      name: key,
      span: keySpan,
      value,
    }));
  return itemsOf(entry?.value).map((item) => ({
    name: scalarText(item) ?? "",
    span: item.span,
    value: undefined,
  }));
}

/** `paths` of pull requests: `on` has them for pushes only. */
function requestRules(paths: readonly string[]): readonly RuleDraft[] {
  return [
    { if: "event.kind == 'pull_request'", changes: paths, reason: "a path of the workflow's filter changed" },
    { if: "event.kind != 'pull_request'" },
  ];
}

/** Lists and their `-ignore` twins, which become exclusions. */
function filters(
  reader: KeyReader | null,
  kinds: readonly string[],
  event: string,
  report: Report,
): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {};
  for (const kind of kinds) {
    const taken = itemsOf(reader?.node(kind));
    const ignored = itemsOf(reader?.node(`${kind}-ignore`));
    const list = [
      ...(ignored.length > 0 ? ["**"] : []),
      ...taken.flatMap((item) => globOf(item, "", report)),
      ...ignored.flatMap((item) => globOf(item, "!", report)),
    ];
    if (taken.length + ignored.length > 0) found[kind] = list.length > 0 ? list : ["!**"];
  }
  reader?.finish(`\`${event}\``);
  return found;
}

/** Longest run of a class that one glob tells apart, by how many runs it has. */
const RUN_LENGTHS = [0, 10, 8, 5, 3];

/**
 * There `**.md` reaches into folders, for us two stars do so only as a name of their own; and `+` repeats what stands
 * before it, which becomes the lengths that a run is likely to have.
 */
function globOf(item: YamlNode, before: string, report: Report): readonly string[] {
  const written = scalarText(item) ?? "";
  const runs = written.match(/\[[^\]]*\]\+/g)?.length ?? 0;
  const longest = RUN_LENGTHS[runs] ?? 1;
  const glob = `${before}${written}`
    .replace(
      /(\[[^\]]*\])\+/g,
      (_, set: string) =>
        `{${Array.from({ length: longest }, (__, index) => set.repeat(index + 1)).join(",")}}`,
    )
    .replace(/(^!?|\/)\*\*(?=[^/*])/g, "$1**/*");
  if (!isGlobProblem(parseGlob(glob))) {
    if (runs > 0)
      changed(
        report,
        item.span,
        `In ${quote(written)}, runs of more than ${longest} characters do not match here`,
      );
    return [glob];
  }
  leftOut(report, item.span, `The pattern ${quote(written)} has no counterpart and was left out`);
  return [];
}

/** Actions of the forge that start pipelines here. */
const TYPES = new Set([
  "opened",
  "synchronize",
  "reopened",
  "edited",
  "closed",
  "ready_for_review",
  "converted_to_draft",
  "labeled",
  "unlabeled",
]);

function pullRequest(reader: KeyReader | null, span: Span, report: Report) {
  const written = reader?.take("types") ?? null;
  const types = scalarTexts(written?.value).filter((type) => TYPES.has(type));
  const others = scalarTexts(written?.value).filter((type) => !TYPES.has(type));
  for (const type of others)
    leftOut(report, written?.value.span ?? span, `Nothing starts when a request is ${quote(type)}`);
  const { branches, paths } = filters(reader, ["branches", "paths"], "pull_request", report);
  return {
    ...(written === null ? {} : { types }),
    ...(branches === undefined ? {} : { targets: branches }),
    paths,
  };
}

function schedules(node: YamlNode | undefined, report: Report): readonly unknown[] {
  return itemsOf(node).flatMap((item) => {
    const map = mapOf(item);
    const reader = map === null ? null : new KeyReader(map, report);
    const cron = scalarText(reader?.node("cron"));
    const timezone = scalarText(reader?.node("timezone"));
    reader?.finish("a schedule");
    return cron === null ? [] : [timezone === null ? { cron } : { cron, timezone }];
  });
}
