import type { Span } from "../../schemas/diagnostic.ts";
import type { JsonScalar } from "../../schemas/plan.ts";
import { quote } from "../diagnostics/quote.ts";
import type { Report } from "../diagnostics/report.ts";
import type { YamlEntry, YamlMap, YamlNode, YamlScalar } from "../yaml/nodes.ts";
import type { GlobList, Located } from "./model.ts";

/**
 * Readers of nodes. A node of the wrong type reads as absent: the shape check has already reported
 * it, and the rest of the pipeline is still worth reading.
 */
export function entryOf(map: YamlMap | null, key: string): YamlEntry | null {
  return map?.entries.get(key) ?? null;
}

export function mapOf(node: YamlNode | null | undefined): YamlMap | null {
  return node?.kind === "map" ? node : null;
}

export function scalarOf(node: YamlNode | null | undefined): YamlScalar | null {
  return node?.kind === "scalar" ? node : null;
}

export function textOf(node: YamlNode | null | undefined): string | null {
  return node?.kind === "scalar" && typeof node.value === "string" ? node.value : null;
}

export function numberOf(node: YamlNode | null | undefined): number | null {
  return node?.kind === "scalar" && typeof node.value === "number" ? node.value : null;
}

export function booleanOf(node: YamlNode | null | undefined): boolean | null {
  return node?.kind === "scalar" && typeof node.value === "boolean" ? node.value : null;
}

/** One of a closed set of words. */
export function wordOf<Word extends string>(
  node: YamlNode | null | undefined,
  words: readonly Word[],
): Word | null {
  const text = textOf(node);
  return words.find((word) => word === text) ?? null;
}

/** Items of a list; a single value counts as a list of one where the language allows a short form. */
export function itemsOf(node: YamlNode | null | undefined): readonly YamlNode[] {
  if (!node) return [];
  return node.kind === "list" ? node.items : [node];
}

export function locatedTexts(node: YamlNode | null | undefined): readonly Located<string>[] {
  return itemsOf(node).flatMap((item) => {
    const value = textOf(item);
    return value === null ? [] : [{ value, span: item.span }];
  });
}

export function globList(entry: YamlEntry | null): GlobList | null {
  return entry && { globs: locatedTexts(entry.value), span: entry.keySpan };
}

/** A scalar as environment text: numbers and booleans as written, so that 3.10 stays 3.10. */
export function writtenText(scalar: YamlScalar): string {
  return typeof scalar.value === "string" ? scalar.value : scalar.source;
}

/**
 * A scalar as a value of matrices and vars. A number whose text would change by being read, such as
 * 3.10, is reported: it was meant as text.
 */
export function valueOf(node: YamlNode, label: string, report: Report): JsonScalar | null {
  if (node.kind !== "scalar" || node.value === null) return null;
  const { value, source, span } = node;
  if (typeof value === "number" && String(value) !== source) {
    const edit = { title: "Quote it", edits: [{ span, newText: `"${source}"` }] };
    const message = `${quote(source)} in \`${label}\` is read as the number ${value}; quote it: "${source}"`;
    report.add("DC1104", span, message, { fix: edit });
  }
  return value;
}

/** A place of no width at the start of a node, for what is absent from it. */
export function startOf(span: Span): Span {
  return { ...span, end: span.start };
}
