import { Unusable } from "./manifest-text.ts";

/** A value of plain YAML. Scalars stay the text that was written, without quotes; an empty one is null. */
export type PlainYaml = string | null | PlainYaml[] | Map<string, PlainYaml>;

/** Levels of nesting; lockfiles use six. */
const DEPTH_MAX = 32;

/** What YAML forbids, and a carriage return that ends no line. */
// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const NO_TEXT = /\r(?!\n)|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

interface Line {
  readonly number: number;
  readonly indent: number;
  readonly text: string;
}

/**
 * Reads the YAML that package managers write: block maps and lists, quoted and plain scalars, block
 * scalars, collections in braces on one line. Linear in the text, unlike a full YAML parser. Throws
 * Unusable, naming the line, for everything else (anchors, tags, a key written twice, a conflict mark).
 * One value per document.
 */
export function readPlainYaml(text: string): PlainYaml[] {
  const found = NO_TEXT.exec(text);
  if (found !== null) {
    const what = found[0] === "\r" ? "carriage return" : "control character";
    throw new Unusable(`line ${text.slice(0, found.index).split("\n").length} has a ${what} inside`);
  }
  const documents: string[][] = [[]];
  for (const line of text.split(/\r?\n/)) {
    if (/^---(?:\s+#.*|\s*)$/.test(line)) documents.push([]);
    documents.at(-1)?.push(line);
  }
  let first = 0;
  const values: PlainYaml[] = [];
  for (const lines of documents) {
    const reader = new PlainYamlReader(lines, first);
    first += lines.length;
    const value = reader.readDocument();
    if (value !== null) values.push(value);
  }
  return values;
}

class PlainYamlReader {
  readonly #raw: string[];
  readonly #first: number;
  #next = 0;

  constructor(raw: string[], first: number) {
    this.#raw = raw;
    this.#first = first;
  }

  readDocument(): PlainYaml {
    const line = this.#peek();
    if (line === null) return null;
    const value = this.#readBlock(line.indent, 0);
    const rest = this.#peek();
    if (rest !== null) throw this.#unusable(rest, "is indented less than the text around it");
    return value;
  }

  /** The next line with content. */
  #peek(): Line | null {
    for (; this.#next < this.#raw.length; this.#next += 1) {
      const raw = this.#raw[this.#next] ?? "";
      const text = raw.trim();
      if (text === "" || text.startsWith("#") || /^(?:---|\.\.\.)(?:\s|$)/.test(raw)) continue;
      const indent = raw.length - raw.trimStart().length;
      const line = { number: this.#first + this.#next + 1, indent, text };
      if (raw.slice(0, indent).includes("\t")) throw this.#unusable(line, "is indented by a tab");
      return line;
    }
    return null;
  }

  #unusable(line: Line, what: string): Unusable {
    return new Unusable(`line ${line.number} ${what}`);
  }

  #readBlock(indent: number, depth: number): PlainYaml {
    const line = this.#peek();
    if (line === null) return null;
    if (depth > DEPTH_MAX) throw this.#unusable(line, `is nested deeper than ${DEPTH_MAX} levels`);
    return isItem(line.text) ? this.#readList(indent, depth) : this.#readMap(indent, depth);
  }

  #readList(indent: number, depth: number): PlainYaml[] {
    const items: PlainYaml[] = [];
    for (let line = this.#peek(); line !== null && line.indent >= indent; line = this.#peek()) {
      if (line.indent > indent || !isItem(line.text)) break;
      const text = line.text.slice(1).trimStart();
      if (isItem(text)) throw this.#unusable(line, "has a list in a list, which is not read");
      if (beginsMap(text)) {
        // The dash stands where the map's indentation would: without it the map reads as any other.
        const raw = this.#raw[this.#next] ?? "";
        this.#raw[this.#next] = raw.replace("-", " ");
        items.push(this.#readBlock(raw.trimEnd().length - text.length, depth + 1));
        continue;
      }
      this.#next += 1;
      items.push(this.#readValue(text, line, depth));
    }
    return items;
  }

  #readMap(indent: number, depth: number): Map<string, PlainYaml> {
    const map = new Map<string, PlainYaml>();
    for (let line = this.#peek(); line !== null && line.indent >= indent; line = this.#peek()) {
      if (line.indent > indent) throw this.#unusable(line, "is indented more than the text around it");
      const [key, text] = this.#readKey(line);
      if (map.has(key)) throw this.#unusable(line, `has the key ${JSON.stringify(key)} a second time`);
      map.set(key, this.#readValue(text, line, depth));
    }
    return map;
  }

  /** `key: text`, or the long form `? key` with `: text` below, which yarn writes for long keys. */
  #readKey(line: Line): readonly [string, string] {
    this.#next += 1;
    if (/^[[{]/.test(line.text)) throw this.#unusable(line, "has a collection for a key, which is not read");
    if (!line.text.startsWith("? ")) {
      const split = splitKey(line.text);
      if (split === null || / #|^[?:-] /.test(split.key)) throw this.#unusable(line, "has no key");
      return [scalar(split.key, line) ?? split.key, split.text];
    }
    const written = line.text.slice(2).trim();
    // A key is a name, also where a value of that text would be nothing.
    const key = scalar(written, line) ?? written;
    const value = this.#peek();
    if (value?.indent !== line.indent || !/^:(?:\s|$)/.test(value.text)) {
      throw this.#unusable(line, "has a key without a value");
    }
    this.#next += 1;
    return [key, value.text.slice(1).trim()];
  }

  /** What stands after a key or a dash on `line`, or below it. */
  #readValue(written: string, line: Line, depth: number): PlainYaml {
    const text = withoutComment(written);
    if (/^[|>][+-]?\d?[+-]?$/.test(text)) return this.#readBlockScalar(line.indent);
    const below = this.#peek();
    if (text === "") {
      if (below === null) return null;
      const listAtKey = below.indent === line.indent && isItem(below.text) && !isItem(line.text);
      return below.indent > line.indent || listAtKey ? this.#readBlock(below.indent, depth + 1) : null;
    }
    if (text.startsWith("{") || text.startsWith("[")) return readFlow(text, line);
    if (below !== null && below.indent > line.indent) {
      throw this.#unusable(below, "goes on with the value of the line above, which is not read");
    }
    return scalar(text, line);
  }

  #readBlockScalar(indent: number): string {
    const lines: string[] = [];
    for (; this.#next < this.#raw.length; this.#next += 1) {
      const raw = this.#raw[this.#next] ?? "";
      if (raw.trim() !== "" && raw.length - raw.trimStart().length <= indent) break;
      lines.push(raw.trim());
    }
    return lines.join("\n");
  }
}

function isItem(text: string): boolean {
  return text === "-" || text.startsWith("- ");
}

function beginsMap(text: string): boolean {
  return !/^[[{]/.test(text) && splitKey(text) !== null;
}

/** Cuts `key: text`; null when there is no key. */
function splitKey(text: string): { key: string; text: string } | null {
  const quote = text[0];
  if (quote === '"' || quote === "'") {
    const end = quotedEnd(text, 0);
    const rest = text.slice(end + 1).trimStart();
    return end > 0 && /^:(?:\s|$)/.test(rest)
      ? { key: text.slice(0, end + 1), text: rest.slice(1).trim() }
      : null;
  }
  const colon = text.indexOf(": ");
  if (colon > 0) return { key: text.slice(0, colon).trimEnd(), text: text.slice(colon + 2).trim() };
  return text.endsWith(":") && text.length > 1 ? { key: text.slice(0, -1).trimEnd(), text: "" } : null;
}

/** Offset of the quote that closes the one at `start`, -1 when none does. */
function quotedEnd(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\" && quote === '"') at += 1;
    else if (text[at] === quote) {
      if (quote === "'" && text[at + 1] === "'") at += 1;
      else return at;
    }
  }
  return -1;
}

function withoutComment(text: string): string {
  if (text.startsWith("#")) return "";
  const start = text[0] === '"' || text[0] === "'" ? quotedEnd(text, 0) + 1 : 0;
  const mark = text.indexOf(" #", start);
  return mark < 0 ? text : text.slice(0, mark).trimEnd();
}

function scalar(text: string, line: Line): string | null {
  const first = text[0] ?? "";
  if (first === '"' || first === "'") {
    if (quotedEnd(text, 0) !== text.length - 1) {
      throw new Unusable(`line ${line.number} has a quoted text that does not end where it should`);
    }
    return first === "'" ? text.slice(1, -1).replaceAll("''", "'") : unescape(text, line);
  }
  if (/^[&*!%@`|>]/.test(text)) throw new Unusable(`line ${line.number} uses ${first}, which is not read`);
  if (/^[?:-](?:\s|$)/.test(text))
    throw new Unusable(`line ${line.number} has a sign where a text should be`);
  return text === "" || text === "~" || text === "null" ? null : text;
}

function unescape(text: string, line: Line): string {
  try {
    return JSON.parse(text) as string;
  } catch (error) {
    throw new Unusable(`line ${line.number} has an escape that is not read`, { cause: error });
  }
}

/** `{a: b, c: d}` or `[a, b]` with scalars inside, on one line. */
function readFlow(text: string, line: Line): PlainYaml {
  const map = text.startsWith("{");
  if (text.at(-1) !== (map ? "}" : "]")) {
    throw new Unusable(`line ${line.number} has a ${map ? "{" : "["} that does not end on it`);
  }
  const parts = splitFlow(text.slice(1, -1), line);
  if (!map) return parts.map((part) => scalar(part, line));
  const entries = parts.map((part): [string, PlainYaml] => {
    const split = splitKey(part);
    if (split === null) throw new Unusable(`line ${line.number} has a part without a key`);
    return [scalar(split.key, line) ?? "", scalar(split.text, line)];
  });
  return new Map(entries);
}

function splitFlow(text: string, line: Line): string[] {
  const parts: string[] = [];
  let start = 0;
  /** True where a value may begin, the only place where a quote opens a quoted text. */
  let fresh = true;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? "";
    if (/[{}[\]]/.test(character)) {
      throw new Unusable(`line ${line.number} has a collection in a collection, which is not read`);
    }
    if ((character === '"' || character === "'") && fresh) {
      at = quotedEnd(text, at);
      if (at < 0) throw new Unusable(`line ${line.number} has a quote that does not end`);
    } else if (character === ",") {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
    if (character !== " ") fresh = character === "," || character === ":";
  }
  const last = text.slice(start).trim();
  return last === "" ? parts : [...parts, last];
}
