import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { Span } from "../../schemas/diagnostic.ts";
import { quote } from "../diagnostics/quote.ts";
import type { Report } from "../diagnostics/report.ts";
import { EXPANDED_NODES_MAX } from "./limits.ts";
import { applyMerges, MERGE_KEY, type MergeSource } from "./merge.ts";
import type { Origin, YamlEntry, YamlList, YamlMap, YamlNode, YamlScalar } from "./nodes.ts";

/** A node and how many values it stands for once aliases are written out. */
interface Resolved {
  readonly node: YamlNode;
  readonly size: number;
}

/**
 * The parser's document as YamlNodes: aliases replaced by the node they name, duplicate keys found,
 * merge keys applied, positions kept. Null, with findings, when something in it stands for no value.
 */
export function resolveDocument(
  file: string,
  text: string,
  document: Document.Parsed,
  origin: Origin,
  report: Report,
): YamlNode | null {
  if (document.contents === null) return null;
  const resolver = new Resolver(file, text, origin, report);
  const { node } = resolver.resolve(document.contents);
  return resolver.isWhole ? node : null;
}

class Resolver {
  readonly #file: string;
  readonly #text: string;
  readonly #origin: Origin;
  readonly #report: Report;
  /** In document order; a later anchor of the same name takes its place, as YAML says. */
  readonly #anchors = new Map<string, Resolved | "open">();
  /** Values that aliases stand for so far. What is built from them is never larger. */
  #expanded = 0;

  constructor(file: string, text: string, origin: Origin, report: Report) {
    this.#file = file;
    this.#text = text;
    this.#origin = origin;
    this.#report = report;
  }

  /** False once a key or a value had to be left out. A doubled key leaves the first one in. */
  isWhole = true;

  resolve(parsed: ParsedNode): Resolved {
    if (isAlias(parsed)) return this.#alias(parsed);
    const anchor = parsed.anchor;
    if (anchor !== undefined) this.#anchors.set(anchor, "open");
    const resolved = this.#value(parsed);
    if (anchor !== undefined) this.#anchors.set(anchor, resolved);
    return resolved;
  }

  #value(parsed: Exclude<ParsedNode, Alias.Parsed>): Resolved {
    if (isMap(parsed)) return this.#map(parsed);
    if (isSeq(parsed)) return this.#list(parsed);
    return { node: this.#scalar(parsed), size: 1 };
  }

  #scalar(parsed: Scalar.Parsed): YamlScalar {
    const { value } = parsed;
    const isPlain = parsed.type === "PLAIN" || parsed.type === undefined;
    const isBlock = parsed.type === "BLOCK_LITERAL" || parsed.type === "BLOCK_FOLDED";
    const span = this.#span(parsed.range);
    const known = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    return {
      kind: "scalar",
      value: known ? value : null,
      source: this.#text.slice(span.start, span.end),
      style: isPlain ? "plain" : isBlock ? "block" : "quoted",
      span,
      origin: this.#origin,
    };
  }

  #list(parsed: YAMLSeq.Parsed): Resolved {
    let size = 1;
    const items = parsed.items.map((item) => {
      const resolved = this.resolve(item);
      size += resolved.size;
      return resolved.node;
    });
    const node: YamlList = { kind: "list", items, span: this.#span(parsed.range) };
    return { node, size };
  }

  #map(parsed: YAMLMap.Parsed): Resolved {
    const own = new Map<string, YamlEntry>();
    const merges: MergeSource[] = [];
    let size = 1;
    for (const pair of parsed.items) {
      const key = this.#key(pair.key);
      const value = pair.value ? this.resolve(pair.value) : this.#nothing(key?.keySpan);
      size += 1 + value.size;
      if (key === null) continue;
      if (key.isMerge) {
        merges.push({ keySpan: key.keySpan, value: value.node });
        continue;
      }
      const first = own.get(key.key);
      if (first) this.#duplicate(key.key, key.keySpan, first);
      else own.set(key.key, { key: key.key, keySpan: key.keySpan, value: value.node });
    }
    const entries = applyMerges(own, merges, this.#report);
    const node: YamlMap = { kind: "map", entries, span: this.#span(parsed.range) };
    return { node, size };
  }

  #key(parsed: ParsedNode): { key: string; keySpan: Span; isMerge: boolean } | null {
    const keySpan = this.#span(parsed.range);
    const node = isScalar(parsed) ? this.#scalar(parsed) : null;
    if (node === null || node.source === "") {
      const shown = quote(this.#text.slice(keySpan.start, keySpan.end));
      this.isWhole = false;
      this.#report.add("DC1016", keySpan, `A key must be a plain word, not ${shown}`);
      return null;
    }
    if (parsed.anchor !== undefined) this.#anchors.set(parsed.anchor, { node, size: 1 });
    const key = typeof node.value === "string" ? node.value : node.source;
    const isMerge = isScalar(parsed) && node.style === "plain" && node.source === MERGE_KEY;
    return { key, keySpan, isMerge };
  }

  #alias(parsed: Alias.Parsed): Resolved {
    const span = this.#span(parsed.range);
    const target = this.#anchors.get(parsed.source);
    if (target === undefined) {
      this.#report.add("DC1010", span, `No anchor \`&${parsed.source}\` stands before this alias`);
    } else if (target === "open") {
      this.#report.add("DC1009", span, `The alias \`*${parsed.source}\` stands inside the value it names`);
    } else if (this.#isAffordable(target.size, span)) {
      return target;
    }
    this.isWhole = false;
    return this.#nothing(span);
  }

  #isAffordable(size: number, span: Span): boolean {
    const before = this.#expanded;
    this.#expanded += size;
    if (this.#expanded <= EXPANDED_NODES_MAX) return true;
    if (before <= EXPANDED_NODES_MAX) {
      this.#report.add(
        "DC1008",
        span,
        `From here on aliases stand for more than ${EXPANDED_NODES_MAX} values`,
      );
    }
    return false;
  }

  #nothing(span: Span | undefined): Resolved {
    const at = span ?? { file: this.#file, start: 0, end: 0 };
    return {
      node: { kind: "scalar", value: null, source: "", style: "plain", span: at, origin: this.#origin },
      size: 1,
    };
  }

  #duplicate(key: string, span: Span, first: YamlEntry): void {
    const related = [{ span: first.keySpan, message: "first written here" }];
    this.#report.add("DC1018", span, `The key ${quote(key)} is written twice in one map`, { related });
  }

  #span(range: readonly [number, number, number]): Span {
    return { file: this.#file, start: range[0], end: range[1] };
  }
}
