import { quote } from "../../diagnostics/quote.ts";
import type { Report } from "../../diagnostics/report.ts";
import { booleanOf, itemsOf, mapOf, scalarOf } from "../../language/read.ts";
import type { YamlEntry } from "../../yaml/nodes.ts";
import { KeyReader, leftOut, scalarText, scalarTexts } from "../reader.ts";

export interface Triggers {
  readonly on: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** `on`, with the inputs of a manual start. */
export function convertTriggers(entry: YamlEntry | null, report: Report): Triggers {
  const on: Record<string, unknown> = {};
  const inputs: Record<string, unknown> = {};
  const map = mapOf(entry?.value);
  const events =
    map === null
      ? itemsOf(entry?.value).map((item) => ({ name: scalarText(item) ?? "", span: item.span, reader: null }))
      : Array.from(map.entries.values(), ({ key, keySpan, value }) => ({
          name: key,
          span: keySpan,
          value,
        })).map(({ name, span, value }) => {
          const own = mapOf(value);
          if (name === "schedule") on["schedule"] = schedules(value, report);
          return { name, span, reader: own === null ? null : new KeyReader(own, report) };
        });
  for (const { name, span, reader } of events) {
    switch (name) {
      case "push":
        on["push"] = filters(reader, ["branches", "tags", "paths"], "push");
        break;
      case "pull_request":
        on["pull_request"] = pullRequest(reader);
        break;
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
        break;
      default:
        leftOut(report, span, `The event ${quote(name)} has no counterpart and was left out`);
    }
  }
  return { on, inputs };
}

/** Lists and their `-ignore` twins, which become exclusions. */
function filters(
  reader: KeyReader | null,
  kinds: readonly string[],
  event: string,
): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {};
  for (const kind of kinds) {
    const taken = scalarTexts(reader?.node(kind));
    const ignored = scalarTexts(reader?.node(`${kind}-ignore`));
    const list = ignored.length > 0 ? ["**", ...ignored.map((glob) => `!${glob}`)] : taken;
    if (list.length > 0) found[kind] = list.map(ourGlob);
  }
  reader?.finish(`\`${event}\``);
  return found;
}

/** There `**.md` reaches into folders; for us two stars do so only as a name of their own. */
function ourGlob(glob: string): string {
  return glob.replace(/(^!?|\/)\*\*(?=[^/*])/g, "$1**/*");
}

function pullRequest(reader: KeyReader | null): Readonly<Record<string, unknown>> {
  const types = scalarTexts(reader?.node("types"));
  const { branches } = filters(reader, ["branches"], "pull_request");
  return { ...(types.length > 0 ? { types } : {}), ...(branches === undefined ? {} : { targets: branches }) };
}

function schedules(node: YamlEntry["value"], report: Report): readonly unknown[] {
  return itemsOf(node).flatMap((item) => {
    const map = mapOf(item);
    const reader = map === null ? null : new KeyReader(map, report);
    const cron = scalarText(reader?.node("cron"));
    const timezone = scalarText(reader?.node("timezone"));
    reader?.finish("a schedule");
    return cron === null ? [] : [timezone === null ? { cron } : { cron, timezone }];
  });
}

function inputsOf(inputs: KeyReader | null, report: Report): Readonly<Record<string, unknown>> {
  const entries = inputs?.entries() ?? [];
  return Object.fromEntries(
    entries.map(({ key, value }) => {
      const map = mapOf(value);
      const reader = map === null ? null : new KeyReader(map, report);
      const type = scalarText(reader?.node("type")) ?? "string";
      const description = scalarText(reader?.node("description")) ?? undefined;
      const isRequired = booleanOf(reader?.node("required")) === true;
      const written = scalarOf(reader?.node("default"))?.value ?? undefined;
      const options = scalarTexts(reader?.node("options"));
      reader?.finish(`the input ${quote(key)}`);
      const kind = type === "boolean" || type === "number" ? type : "string";
      const empty = { string: options[0] ?? "", number: 0, boolean: false }[kind];
      const standard = written === undefined ? (isRequired ? undefined : empty) : written;
      const value_ = {
        ...(description === undefined ? {} : { description }),
        ...(kind === "string" ? {} : { type: kind }),
        ...(options.length > 0 ? { options } : {}),
        ...(standard === undefined ? {} : { default: kind === "string" ? String(standard) : standard }),
      };
      return [key, value_];
    }),
  );
}
