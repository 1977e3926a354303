import type { Span } from "../../schemas/diagnostic.ts";
import {
  ALIASES_MAX,
  ANCHORS_MAX,
  DEPTH_MAX,
  KEY_LENGTH_MAX,
  LIST_ITEMS_MAX,
  MAP_KEYS_MAX,
  TOKENS_MAX,
} from "./limits.ts";
import { MERGE_KEY } from "./merge.ts";
import type { Origin, YamlEntry, YamlList, YamlMap, YamlNode, YamlScalar } from "./nodes.ts";
import {
  firstNotSpace,
  isBlank,
  isFlowEnd,
  nameEnd,
  plainEnd,
  type ReadScalar,
  readPlain,
  readQuoted,
} from "./ordinary-scalars.ts";
import { type Counted, NOT_ORDINARY, PastLimit } from "./past-limit.ts";

const ANCHOR = 0x26;
const ALIAS = 0x2a;
const COMMA = 0x2c;
const COLON = 0x3a;
const LIST_START = 0x5b;
const LIST_END = 0x5d;
const MAP_START = 0x7b;
const MAP_END = 0x7d;

/** Begins or ends a document at the start of a line. */
const DOCUMENT_MARK = /^(?:---|\.\.\.)/;

/** Reads what stands on one line of an ordinary text: scalars, and collections in brackets and braces. */
export class FlowReader {
  protected readonly text: string;
  /** Where the reading stands. */
  protected at = 0;
  /**
   * What is read with an anchor or an alias in it is read for the limits alone, and then by the parser: too many of
   * them are told before it is asked.
   */
  protected hasAnchors = false;
  readonly #file: string;
  readonly #origin: Origin;
  #depth = 0;
  /** Never fewer than the parser's lexer would make of the text, so that its limit is held here too. */
  #tokens = 0;
  #anchors = 0;
  #aliases = 0;

  constructor(file: string, text: string, origin: Origin) {
    this.#file = file;
    this.text = text;
    this.#origin = origin;
  }

  /** True when a collection in brackets or braces begins here. */
  protected isFlowStart(): boolean {
    const code = this.text.charCodeAt(this.at);
    return code === LIST_START || code === MAP_START;
  }

  /** A key and its colon. */
  protected readKey(isInFlow: boolean): { key: string; keySpan: Span } {
    const { text } = this;
    const start = this.at;
    const quoted = readQuoted(text, start);
    const end = quoted?.end ?? plainEnd(text, start, isInFlow);
    if (end === null || text.charCodeAt(end) !== COLON || !isBlank(text.charCodeAt(end + 1)))
      throw NOT_ORDINARY;
    const key = quoted === null ? text.slice(start, end) : String(quoted.value);
    if (key === MERGE_KEY || end - start > KEY_LENGTH_MAX || DOCUMENT_MARK.test(key)) throw NOT_ORDINARY;
    this.count(3);
    this.at = end + 1;
    return { key, keySpan: this.span(start, end) };
  }

  /** A flow collection or a scalar on one line; the reading then stands behind it. */
  protected readFlowValue(start: number, isInFlow = false): YamlNode {
    this.count(2);
    this.at = start;
    const code = this.text.charCodeAt(start);
    if (code === LIST_START) return this.#readFlowList(start);
    if (code === MAP_START) return this.#readFlowMap(start);
    if (code === ALIAS) return this.#readAlias(start);
    if (code === ANCHOR) return this.#readAnchored(start, isInFlow);
    return this.#readFlowScalar(start, isInFlow);
  }

  #readFlowScalar(start: number, isInFlow: boolean): YamlScalar {
    const read = readQuoted(this.text, start) ?? readPlain(this.text, start, isInFlow);
    if (read === null) throw NOT_ORDINARY;
    this.at = read.end;
    return this.scalar(start, read);
  }

  #readAlias(start: number): YamlScalar {
    this.#readName(start);
    this.#aliases += 1;
    if (this.#aliases > ALIASES_MAX) this.#endAt("aliases", start, this.at);
    return this.scalar(start, { value: null, style: "plain", end: this.at });
  }

  /** A scalar with a name. A collection with one is left to the parser, for its aliases stand for more than one value. */
  #readAnchored(start: number, isInFlow: boolean): YamlScalar {
    this.#readName(start);
    this.#anchors += 1;
    if (this.#anchors > ANCHORS_MAX) this.#endAt("anchors", start, this.at);
    const first = firstNotSpace(this.text, this.at);
    if (first === this.at) throw NOT_ORDINARY;
    this.count(2);
    return this.#readFlowScalar(first, isInFlow);
  }

  #readName(start: number): void {
    this.hasAnchors = true;
    this.at = nameEnd(this.text, start + 1);
    if (this.at === start + 1) throw NOT_ORDINARY;
  }

  #readFlowList(start: number): YamlList {
    const items: YamlNode[] = [];
    this.#readFlowItems(LIST_END, () => {
      const item = this.readFlowValue(this.at, true);
      if (items.length === LIST_ITEMS_MAX) this.#endAtComma("items");
      items.push(item);
    });
    return { kind: "list", items, span: this.span(start, this.at) };
  }

  #readFlowMap(start: number): YamlMap {
    const entries = new Map<string, YamlEntry>();
    this.#readFlowItems(MAP_END, () => {
      const entry = this.readKey(true);
      const value = this.readFlowValue(firstNotSpace(this.text, this.at), true);
      if (entries.size === MAP_KEYS_MAX) this.#endAtComma("keys");
      addEntry(entries, { ...entry, value });
    });
    return { kind: "map", entries, span: this.span(start, this.at) };
  }

  /** From a bracket to the one that closes it; a comma must stand between two items and none after the last. */
  #readFlowItems(closing: number, readItem: () => void): void {
    this.deepen();
    this.at = firstNotSpace(this.text, this.at + 1);
    let code = this.text.charCodeAt(this.at);
    while (code !== closing) {
      readItem();
      const end = firstNotSpace(this.text, this.at);
      code = this.text.charCodeAt(end);
      this.count(3);
      if (code !== COMMA && code !== closing) throw NOT_ORDINARY;
      this.at = code === COMMA ? firstNotSpace(this.text, end + 1) : end;
      if (code === COMMA && isFlowEnd(this.text.charCodeAt(this.at))) throw NOT_ORDINARY;
    }
    this.count(1);
    this.at += 1;
    this.rise();
  }

  /** Behind one value too many: the scan counts commas, and passes one value more where none follows. */
  #endAtComma(what: Counted): never {
    const end = firstNotSpace(this.text, this.at);
    if (this.text.charCodeAt(end) !== COMMA) throw NOT_ORDINARY;
    return this.#endAt(what, end, end + 1);
  }

  #endAt(what: Counted, start: number, end: number): never {
    throw new PastLimit(what, this.span(start, end));
  }

  /** Enters a collection. */
  protected deepen(): void {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw NOT_ORDINARY;
  }

  /** Leaves it. */
  protected rise(): void {
    this.#depth -= 1;
  }

  protected count(tokens: number): void {
    this.#tokens += tokens;
    if (this.#tokens > TOKENS_MAX) throw NOT_ORDINARY;
  }

  protected scalar(start: number, { value, style, end }: ReadScalar): YamlScalar {
    const source = this.text.slice(start, end);
    return { kind: "scalar", value, source, style, span: this.span(start, end), origin: this.#origin };
  }

  protected span(start: number, end: number): Span {
    return { file: this.#file, start, end };
  }
}

/** A key that is there twice is the parser's to tell. */
export function addEntry(entries: Map<string, YamlEntry>, entry: YamlEntry): void {
  if (entries.has(entry.key)) throw NOT_ORDINARY;
  entries.set(entry.key, entry);
}
