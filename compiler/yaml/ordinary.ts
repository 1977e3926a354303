import type { Span } from "../../schemas/diagnostic.ts";
import { addEntry, addItem, NOT_ORDINARY, PastLimit, type TooMany } from "./collection-limits.ts";
import { DEPTH_MAX, KEY_LENGTH_MAX, LIST_ITEMS_MAX, MAP_KEYS_MAX, TOKENS_MAX } from "./limits.ts";
import { MERGE_KEY } from "./merge.ts";
import type { Origin, YamlEntry, YamlList, YamlMap, YamlNode, YamlScalar } from "./nodes.ts";
import {
  endOfLine,
  firstNotSpace,
  isBlank,
  isFlowEnd,
  plainEnd,
  type ReadScalar,
  readLiteral,
  readPlain,
  readQuoted,
} from "./ordinary-scalars.ts";

const NEWLINE = 0x0a;
const HASH = 0x23;
const COMMA = 0x2c;
const DASH = 0x2d;
const COLON = 0x3a;
const LIST_START = 0x5b;
const LIST_END = 0x5d;
const MAP_START = 0x7b;
const MAP_END = 0x7d;

/** Carriage returns, and byte order marks wherever they stand. */
const LEFT_TO_THE_PARSER = /[\r\ufeff]/;

/** Stands for the column behind the last line. */
const END = -1;

/** Begins or ends a document at the start of a line. */
const DOCUMENT_MARK = /^(?:---|\.\.\.)/;

/**
 * The nodes of a text in the part of YAML that pipelines are written in: block maps and lists, scalars and flow
 * collections of one line, literal blocks, comments. Null for every other text, right or wrong: anchors, tags, folded
 * text, tabs, faults of any kind are left to the parser and its words. What is read here is exactly what the parser would
 * make of it, positions included (a property test holds the two together), at about an eighth of the cost. Too many of
 * something are no reason to read all of them twice.
 */
export function readOrdinary(file: string, text: string, origin: Origin): YamlNode | TooMany | null {
  try {
    return LEFT_TO_THE_PARSER.test(text) ? null : new OrdinaryReader(file, text, origin).readDocument();
  } catch (error) {
    if (error === NOT_ORDINARY) return null;
    if (error instanceof PastLimit) return error.found;
    throw error;
  }
}

class OrdinaryReader {
  readonly #file: string;
  readonly #text: string;
  readonly #origin: Origin;
  #at = 0;
  /** The column of the content that the reading has come to, when that begins a line; END after the last. */
  #column: number = END;
  /** The column of the last comment on a line of its own before that content. */
  #comment: number = END;
  /** Where the line of the last value ends: there its collection ends too. */
  #valueEnd = 0;
  #depth = 0;
  /** Never fewer than the parser's lexer would make of the text, so that its limit is held here too. */
  #tokens = 0;

  constructor(file: string, text: string, origin: Origin) {
    this.#file = file;
    this.#text = text;
    this.#origin = origin;
  }

  readDocument(): YamlNode {
    this.#findContent(0);
    const column = this.#column;
    if (column !== 0) throw NOT_ORDINARY;
    const root = this.#readBlock(column);
    if (this.#at < this.#text.length) throw NOT_ORDINARY;
    return root;
  }

  /** Goes to the first content at or after the start of a line. */
  #findContent(lineStart: number): void {
    const text = this.#text;
    this.#comment = END;
    for (let at = lineStart; at < text.length; ) {
      const first = firstNotSpace(text, at);
      const code = text.charCodeAt(first);
      if (code === HASH) this.#comment = Math.max(this.#comment, first - at);
      if (first < text.length && code !== NEWLINE && code !== HASH) {
        this.#column = first - at;
        this.#at = first;
        this.#count(1);
        return;
      }
      this.#count(3);
      at = endOfLine(text, first) + 1;
    }
    this.#at = text.length;
    this.#column = END;
  }

  /** Leaves the line of a value that ends here; only blanks and a comment may follow it. */
  #leaveLine(from: number): void {
    const text = this.#text;
    const first = firstNotSpace(text, from);
    const isComment = first > from && text.charCodeAt(first) === HASH;
    if (first < text.length && text.charCodeAt(first) !== NEWLINE && !isComment) throw NOT_ORDINARY;
    this.#count(3);
    const next = endOfLine(text, first) + 1;
    this.#valueEnd = Math.min(next, text.length);
    this.#findContent(next);
  }

  #readBlock(column: number): YamlMap | YamlList {
    this.#deepen();
    const collection = this.#isItem() ? this.#readList(column) : this.#readMap(column);
    this.#depth -= 1;
    return collection;
  }

  /** What follows a block stands further left. A comment that stands further right than that may be the block's last line. */
  #endBlock(column: number): void {
    if (this.#column > column || this.#comment > Math.max(this.#column, 0)) throw NOT_ORDINARY;
  }

  /** True when a list's item begins here. */
  #isItem(): boolean {
    return this.#text.charCodeAt(this.#at) === DASH && isBlank(this.#text.charCodeAt(this.#at + 1));
  }

  #readMap(column: number): YamlMap {
    const start = this.#at;
    const entries = new Map<string, YamlEntry>();
    do {
      if (this.#isItem()) throw NOT_ORDINARY;
      const entry = this.#readKey(false);
      if (entries.size === MAP_KEYS_MAX) throw new PastLimit("keys", this.#span(this.#at - 1, this.#at));
      const value = this.#readMapValue(column);
      addEntry(entries, { ...entry, value });
    } while (this.#column === column);
    this.#endBlock(column);
    return { kind: "map", entries, span: this.#span(start, this.#valueEnd) };
  }

  #readMapValue(column: number): YamlNode {
    const afterColon = this.#at;
    const first = firstNotSpace(this.#text, afterColon);
    if (!this.#endsLine(first)) return this.#readInline(first, column);
    this.#leaveLine(afterColon);
    if (this.#column > column || (this.#column === column && this.#isItem())) {
      return this.#readBlock(this.#column);
    }
    if (first !== afterColon || this.#comment !== END) throw NOT_ORDINARY;
    this.#valueEnd = first;
    return this.#scalar(first, { value: null, style: "plain", end: first });
  }

  #readList(column: number): YamlList {
    const start = this.#at;
    const items: YamlNode[] = [];
    do {
      const first = firstNotSpace(this.#text, this.#at + 1);
      this.#count(2);
      addItem(items, this.#readItem(column, column + (first - this.#at), first));
    } while (this.#column === column && this.#isItem());
    this.#endBlock(column);
    return { kind: "list", items, span: this.#span(start, this.#valueEnd) };
  }

  #readItem(column: number, inner: number, first: number): YamlNode {
    if (this.#endsLine(first)) {
      this.#leaveLine(this.#at + 1);
      if (this.#column <= column) throw NOT_ORDINARY;
      return this.#readBlock(this.#column);
    }
    this.#at = first;
    return this.#isItem() || this.#isKey() ? this.#readBlock(inner) : this.#readInline(first, column);
  }

  #endsLine(first: number): boolean {
    const code = this.#text.charCodeAt(first);
    return first >= this.#text.length || code === NEWLINE || code === HASH;
  }

  /** A value on the line of its key or dash, or a literal block that begins there. */
  #readInline(start: number, column: number): YamlNode {
    const literal = readLiteral(this.#text, start, column);
    if (literal !== null) {
      this.#count(3);
      this.#valueEnd = literal.end;
      this.#findContent(literal.end);
    }
    const node = literal === null ? this.#readFlowValue(start) : this.#scalar(start, literal);
    if (literal === null) this.#leaveLine(this.#at);
    if (this.#column > column) throw NOT_ORDINARY;
    return node;
  }

  #isKey(): boolean {
    const end = readQuoted(this.#text, this.#at)?.end ?? plainEnd(this.#text, this.#at, false);
    return end !== null && this.#text.charCodeAt(end) === COLON && isBlank(this.#text.charCodeAt(end + 1));
  }

  /** A key and its colon. */
  #readKey(isInFlow: boolean): { key: string; keySpan: Span } {
    const text = this.#text;
    const start = this.#at;
    const quoted = readQuoted(text, start);
    const end = quoted?.end ?? plainEnd(text, start, isInFlow);
    if (end === null || text.charCodeAt(end) !== COLON || !isBlank(text.charCodeAt(end + 1)))
      throw NOT_ORDINARY;
    const key = quoted === null ? text.slice(start, end) : String(quoted.value);
    if (key === MERGE_KEY || end - start > KEY_LENGTH_MAX || DOCUMENT_MARK.test(key)) throw NOT_ORDINARY;
    this.#count(3);
    this.#at = end + 1;
    return { key, keySpan: this.#span(start, end) };
  }

  /** A flow collection or a scalar on one line; the reading then stands behind it. */
  #readFlowValue(start: number, isInFlow = false): YamlNode {
    this.#count(2);
    this.#at = start;
    const code = this.#text.charCodeAt(start);
    if (code === LIST_START) return this.#readFlowList(start);
    if (code === MAP_START) return this.#readFlowMap(start);
    const read = readQuoted(this.#text, start) ?? readPlain(this.#text, start, isInFlow);
    if (read === null) throw NOT_ORDINARY;
    this.#at = read.end;
    return this.#scalar(start, read);
  }

  #readFlowList(start: number): YamlList {
    const items: YamlNode[] = [];
    this.#readFlowItems(LIST_END, () => {
      const item = this.#readFlowValue(this.#at, true);
      if (items.length === LIST_ITEMS_MAX) this.#endAtComma("items");
      addItem(items, item);
    });
    return { kind: "list", items, span: this.#span(start, this.#at) };
  }

  #readFlowMap(start: number): YamlMap {
    const entries = new Map<string, YamlEntry>();
    this.#readFlowItems(MAP_END, () => {
      const entry = this.#readKey(true);
      const value = this.#readFlowValue(firstNotSpace(this.#text, this.#at), true);
      if (entries.size === MAP_KEYS_MAX) this.#endAtComma("keys");
      addEntry(entries, { ...entry, value });
    });
    return { kind: "map", entries, span: this.#span(start, this.#at) };
  }

  /** From a bracket to the one that closes it; a comma must stand between two items and none after the last. */
  #readFlowItems(closing: number, readItem: () => void): void {
    this.#deepen();
    this.#at = firstNotSpace(this.#text, this.#at + 1);
    let code = this.#text.charCodeAt(this.#at);
    while (code !== closing) {
      readItem();
      const end = firstNotSpace(this.#text, this.#at);
      code = this.#text.charCodeAt(end);
      this.#count(3);
      if (code !== COMMA && code !== closing) throw NOT_ORDINARY;
      this.#at = code === COMMA ? firstNotSpace(this.#text, end + 1) : end;
      if (code === COMMA && isFlowEnd(this.#text.charCodeAt(this.#at))) throw NOT_ORDINARY;
    }
    this.#count(1);
    this.#at += 1;
    this.#depth -= 1;
  }

  /** Behind one value too many: the scan counts commas, and passes one value more where none follows. */
  #endAtComma(what: TooMany["what"]): never {
    const end = firstNotSpace(this.#text, this.#at);
    if (this.#text.charCodeAt(end) !== COMMA) throw NOT_ORDINARY;
    throw new PastLimit(what, this.#span(end, end + 1));
  }

  #deepen(): void {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw NOT_ORDINARY;
  }

  #count(tokens: number): void {
    this.#tokens += tokens;
    if (this.#tokens > TOKENS_MAX) throw NOT_ORDINARY;
  }

  #scalar(start: number, { value, style, end }: ReadScalar): YamlScalar {
    const source = this.#text.slice(start, end);
    return { kind: "scalar", value, source, style, span: this.#span(start, end), origin: this.#origin };
  }

  #span(start: number, end: number): Span {
    return { file: this.#file, start, end };
  }
}
