import { LIST_ITEMS_MAX, MAP_KEYS_MAX } from "./limits.ts";
import type { Origin, YamlEntry, YamlList, YamlMap, YamlNode } from "./nodes.ts";
import { addEntry, FlowReader } from "./ordinary-flow.ts";
import { endOfLine, firstNotSpace, isBlank, plainEnd, readLiteral, readQuoted } from "./ordinary-scalars.ts";
import { NOT_ORDINARY, PastLimit, type TooMany } from "./past-limit.ts";

const NEWLINE = 0x0a;
const HASH = 0x23;
const DASH = 0x2d;
const COLON = 0x3a;

/** Carriage returns, and byte order marks wherever they stand. */
const LEFT_TO_THE_PARSER = /[\r\ufeff]/;

/** Stands for the column behind the last line. */
const END = -1;

/**
 * The nodes of a text in the part of YAML that pipelines are written in: block maps and lists, scalars and flow
 * collections of one line, literal blocks, comments. Null for every other text, right or wrong: anchors, tags, folded
 * text, tabs, faults of any kind are left to the parser and its words. What is read here is exactly what the parser would
 * make of it, positions included (a property test holds the two together), at about an eighth of the cost. Too many of
 * something, anchors and aliases among it, are no reason to read all of them twice.
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

/** Reads block maps and lists; what stands on one line of them is read by what it extends. */
class OrdinaryReader extends FlowReader {
  /** The column of the content that the reading has come to, when that begins a line; END after the last. */
  #column: number = END;
  /** The column of the last comment on a line of its own before that content. */
  #comment: number = END;
  /** Where the line of the last value ends: there its collection ends too. */
  #valueEnd = 0;

  readDocument(): YamlNode {
    this.#findContent(0);
    const column = this.#column;
    if (column !== 0) throw NOT_ORDINARY;
    const root = this.isFlowStart() ? this.#readInline(this.at, END) : this.#readBlock(column);
    if (this.at < this.text.length || this.hasAnchors) throw NOT_ORDINARY;
    return root;
  }

  /** Goes to the first content at or after the start of a line. */
  #findContent(lineStart: number): void {
    const { text } = this;
    this.#comment = END;
    for (let at = lineStart; at < text.length; ) {
      const first = firstNotSpace(text, at);
      const code = text.charCodeAt(first);
      if (code === HASH) this.#comment = Math.max(this.#comment, first - at);
      if (first < text.length && code !== NEWLINE && code !== HASH) {
        this.#column = first - at;
        this.at = first;
        this.count(1);
        return;
      }
      this.count(3);
      at = endOfLine(text, first) + 1;
    }
    this.at = text.length;
    this.#column = END;
  }

  /** Leaves the line of a value that ends here; only blanks and a comment may follow it. */
  #leaveLine(from: number): void {
    const { text } = this;
    const first = firstNotSpace(text, from);
    const isComment = first > from && text.charCodeAt(first) === HASH;
    if (first < text.length && text.charCodeAt(first) !== NEWLINE && !isComment) throw NOT_ORDINARY;
    this.count(3);
    const next = endOfLine(text, first) + 1;
    this.#valueEnd = Math.min(next, text.length);
    this.#findContent(next);
  }

  #readBlock(column: number): YamlMap | YamlList {
    this.deepen();
    const collection = this.#isItem() ? this.#readList(column) : this.#readMap(column);
    this.rise();
    return collection;
  }

  /** What follows a block stands further left. A comment that stands further right than that may be the block's last line. */
  #endBlock(column: number): void {
    if (this.#column > column || this.#comment > Math.max(this.#column, 0)) throw NOT_ORDINARY;
  }

  /** True when a list's item begins here. */
  #isItem(): boolean {
    return this.text.charCodeAt(this.at) === DASH && isBlank(this.text.charCodeAt(this.at + 1));
  }

  #readMap(column: number): YamlMap {
    const start = this.at;
    const entries = new Map<string, YamlEntry>();
    do {
      if (this.#isItem()) throw NOT_ORDINARY;
      const entry = this.readKey(false);
      if (entries.size === MAP_KEYS_MAX) throw new PastLimit("keys", this.span(this.at - 1, this.at));
      const value = this.#readMapValue(column);
      addEntry(entries, { ...entry, value });
    } while (this.#column === column);
    this.#endBlock(column);
    return { kind: "map", entries, span: this.span(start, this.#valueEnd) };
  }

  #readMapValue(column: number): YamlNode {
    const afterColon = this.at;
    const first = firstNotSpace(this.text, afterColon);
    if (!this.#endsLine(first)) return this.#readInline(first, column);
    this.#leaveLine(afterColon);
    if (this.#column > column || (this.#column === column && this.#isItem())) {
      return this.#readBlock(this.#column);
    }
    if (first !== afterColon || this.#comment !== END) throw NOT_ORDINARY;
    this.#valueEnd = first;
    return this.scalar(first, { value: null, style: "plain", end: first });
  }

  #readList(column: number): YamlList {
    const start = this.at;
    const items: YamlNode[] = [];
    do {
      const first = firstNotSpace(this.text, this.at + 1);
      this.count(2);
      if (items.length === LIST_ITEMS_MAX) throw new PastLimit("items", this.span(this.at, this.at + 1));
      items.push(this.#readItem(column, column + (first - this.at), first));
    } while (this.#column === column && this.#isItem());
    this.#endBlock(column);
    return { kind: "list", items, span: this.span(start, this.#valueEnd) };
  }

  #readItem(column: number, inner: number, first: number): YamlNode {
    if (this.#endsLine(first)) {
      this.#leaveLine(this.at + 1);
      if (this.#column <= column) throw NOT_ORDINARY;
      return this.#readBlock(this.#column);
    }
    this.at = first;
    return this.#isItem() || this.#isKey() ? this.#readBlock(inner) : this.#readInline(first, column);
  }

  #endsLine(first: number): boolean {
    const code = this.text.charCodeAt(first);
    return first >= this.text.length || code === NEWLINE || code === HASH;
  }

  /** A value on the line of its key or dash, or a literal block that begins there. */
  #readInline(start: number, column: number): YamlNode {
    const literal = readLiteral(this.text, start, column);
    if (literal !== null) {
      this.count(3);
      this.#valueEnd = literal.end;
      this.#findContent(literal.end);
    }
    const node = literal === null ? this.readFlowValue(start) : this.scalar(start, literal);
    if (literal === null) this.#leaveLine(this.at);
    if (this.#column > column) throw NOT_ORDINARY;
    return node;
  }

  #isKey(): boolean {
    const end = readQuoted(this.text, this.at)?.end ?? plainEnd(this.text, this.at, false);
    return end !== null && this.text.charCodeAt(end) === COLON && isBlank(this.text.charCodeAt(end + 1));
  }
}
