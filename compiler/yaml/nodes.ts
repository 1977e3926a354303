import type { Span } from "../../schemas/diagnostic.ts";

/**
 * A YAML document as plain positioned values: anchors resolved, merge keys applied, keys unique
 * strings. Aliased nodes are shared, never copied, and there is no cycle.
 */
export type YamlNode = YamlScalar | YamlMap | YamlList;

export interface YamlScalar {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /** As written in the file, from `span.start`, with its quotes or block header. */
  readonly source: string;
  readonly style: "plain" | "quoted" | "block";
  readonly span: Span;
  readonly origin: Origin;
}

/** One reading of one file: a file that is included twice has two, with inputs of their own. */
export interface Origin {
  /** What `inputs` means in this reading; null where the pipeline's own inputs are meant. */
  readonly inputs: ReadonlyMap<string, string | number | boolean | null> | null;
  /** Where each of those values was given; where its default is written when nobody gave one. */
  readonly inputSpans: ReadonlyMap<string, Span>;
  /** The place that includes the file, and the reading it stands in; null for the pipeline file itself. */
  readonly included: { readonly span: Span; readonly within: Origin } | null;
}

/** The reading of the pipeline file itself. */
export const PIPELINE_ORIGIN: Origin = { inputs: null, inputSpans: new Map(), included: null };

export interface YamlEntry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: YamlNode;
}

export interface YamlMap {
  readonly kind: "map";
  /** In the order written. A Map, so that `__proto__` is a key like any other. */
  readonly entries: ReadonlyMap<string, YamlEntry>;
  readonly span: Span;
}

export interface YamlList {
  readonly kind: "list";
  readonly items: readonly YamlNode[];
  readonly span: Span;
}

/** What a message calls the kind of a value. */
export function describeNode(node: YamlNode): string {
  if (node.kind === "map") return "a map";
  if (node.kind === "list") return "a list";
  if (node.value === null) return "nothing";
  if (typeof node.value === "string") return "a string";
  return typeof node.value === "number" ? "a number" : "a boolean";
}
