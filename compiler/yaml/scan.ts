import { CST, Lexer } from "yaml";
import type { DiagnosticCode } from "../../schemas/diagnostic-codes.ts";
import { quote } from "../diagnostics/quote.ts";
import type { Report } from "../diagnostics/report.ts";
import { AliasCount } from "./alias-count.ts";
import {
  ALIASES_MAX,
  ANCHORS_MAX,
  DEPTH_MAX,
  EXPANDED_NODES_MAX,
  LIST_ITEMS_MAX,
  MAP_KEYS_MAX,
  TOKENS_MAX,
} from "./limits.ts";
import { type Counted, tooMany } from "./past-limit.ts";

/** Stands for "no key has begun on this line". */
const NONE = -1;

/** Tokens that are no content of a document. */
const LAYOUT: ReadonlySet<string | null> = new Set(["byte-order-mark", "comment", "newline", "space"]);

/** Tokens that end a value, and those that begin one. On one line something must stand between the two. */
const VALUE_ENDS: ReadonlySet<string | null> = new Set([
  "scalar",
  "single-quoted-scalar",
  "double-quoted-scalar",
  "alias",
  "flow-map-end",
  "flow-seq-end",
]);
const VALUE_STARTS: ReadonlySet<string | null> = new Set([
  "scalar",
  "single-quoted-scalar",
  "double-quoted-scalar",
  "alias",
  "anchor",
  "flow-map-start",
  "flow-seq-start",
  "block-scalar-header",
]);

interface OpenCollection {
  readonly isMap: boolean;
  entries: number;
}

interface BlockCollection extends OpenCollection {
  readonly column: number;
}

/**
 * Reads the text's tokens once, in linear time, and stops at the first thing that would make the
 * parser slow, recurse too deep, or read something a pipeline may not say. Returns the lexemes for
 * the parser, or null with a finding.
 */
export function scanTokens(file: string, text: string, report: Report): readonly string[] | null {
  const scan = new TokenScan(text);
  const lexemes: string[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    const problem = scan.next(lexeme);
    if (problem) {
      const span = { file, start: problem.offset, end: problem.offset + problem.length };
      report.add(problem.code, span, problem.message);
      return null;
    }
    lexemes.push(lexeme);
  }
  return lexemes;
}

interface ScanProblem {
  readonly code: DiagnosticCode;
  readonly offset: number;
  readonly length: number;
  readonly message: string;
}

class TokenScan {
  readonly #text: string;
  readonly #blocks: BlockCollection[] = [];
  #offset = 0;
  #lineStart = 0;
  #tokens = 0;
  readonly #expansion = new AliasCount();
  #anchors = 0;
  #aliases = 0;
  readonly #flow: OpenCollection[] = [];
  /** Column where the current line's candidate for a key begins. */
  #keyColumn = NONE;
  #isLineEmpty = true;
  #nextIsScalar = false;
  /** The last token of this line that is content. */
  #before: CST.TokenType | null = null;
  #documentHasContent = false;
  #documents = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(lexeme: string): ScanProblem | null {
    const isScalar = this.#nextIsScalar;
    this.#nextIsScalar = lexeme === CST.SCALAR && !isScalar;
    if (!isScalar && (lexeme === CST.SCALAR || lexeme === CST.DOCUMENT || lexeme === CST.FLOW_END))
      return null;
    const type = isScalar ? "scalar" : CST.tokenType(lexeme);
    const offset = this.#offset;
    this.#offset += lexeme.length;
    this.#tokens += 1;
    // A block scalar of no line: what follows stands on a line of its own.
    if (isScalar && lexeme === "") return null;
    const problem =
      this.#tokens > TOKENS_MAX ? this.#tooManyTokens(offset) : this.#step(type, lexeme, offset);
    if (isScalar) this.#followLines(lexeme);
    return problem;
  }

  #step(type: CST.TokenType | null, lexeme: string, offset: number): ScanProblem | null {
    if (type === "newline") this.#startLine(this.#offset);
    if (type === "space") return this.#tabIndent(lexeme, offset);
    if (LAYOUT.has(type)) return null;
    if (type === "doc-start" || type === "doc-end") return this.#documentMark(type, lexeme, offset);
    if (type === "directive-line") {
      return at("DC1015", offset, lexeme, "A `%` directive is not allowed; a pipeline is always YAML 1.2");
    }
    if (type === "tag") {
      return at("DC1014", offset, lexeme, `The tag ${quote(lexeme)} is not allowed; write the plain value`);
    }
    return this.#content(type, lexeme, offset);
  }

  #content(type: CST.TokenType | null, lexeme: string, offset: number): ScanProblem | null {
    if (!this.#documentHasContent) {
      if (this.#documents > 1) return secondDocument(offset, lexeme);
      this.#documentHasContent = true;
    }
    const column = offset - this.#lineStart;
    this.#isLineEmpty = false;
    const before = this.#before;
    this.#before = type;
    if (isMisplaced(before, type)) {
      return at(
        "DC1005",
        offset,
        lexeme,
        "Unexpected text; is a quote, a comma or a bracket missing before it?",
      );
    }
    if (type === "anchor") {
      this.#anchors += 1;
      if (this.#anchors > ANCHORS_MAX) return pastLimit("anchors", offset, lexeme);
    } else if (type === "alias") {
      this.#aliases += 1;
      if (this.#aliases > ALIASES_MAX) return pastLimit("aliases", offset, lexeme);
    }
    if (this.#expansion.isPastLimit(type, lexeme)) {
      const message = `From here on aliases stand for more than ${EXPANDED_NODES_MAX} values`;
      return at("DC1008", offset, lexeme, message);
    }
    return this.#nest(type, column, offset, lexeme);
  }

  #nest(type: CST.TokenType | null, column: number, offset: number, lexeme: string): ScanProblem | null {
    const isFlowStart = type === "flow-map-start" || type === "flow-seq-start";
    const flow = this.#flow.at(-1);
    if (flow) {
      if (type === "flow-map-end" || type === "flow-seq-end") this.#flow.pop();
      else if (type === "comma") return countEntry(flow, offset, lexeme);
    } else if (type === "map-value-ind") {
      return this.#key(column, offset, lexeme);
    } else if (type === "seq-item-ind" || type === "explicit-key-ind") {
      const opened = this.#open(column, type === "explicit-key-ind");
      const tooMany = opened.isMap ? null : countEntry(opened, offset, lexeme);
      if (tooMany !== null) return tooMany;
    } else if (this.#keyColumn === NONE) {
      this.#keyColumn = column;
    }
    if (isFlowStart) this.#flow.push({ isMap: type === "flow-map-start", entries: 0 });
    return this.#depthProblem(offset, lexeme);
  }

  #key(column: number, offset: number, lexeme: string): ScanProblem | null {
    const map = this.#open(this.#keyColumn === NONE ? column : this.#keyColumn, true);
    return countEntry(map, offset, lexeme) ?? this.#depthProblem(offset, lexeme);
  }

  /** Ends what is indented deeper, then finds or begins the collection at this column. */
  #open(column: number, isMap: boolean): BlockCollection {
    this.#keyColumn = NONE;
    const isOver = (block: BlockCollection) =>
      block.column > column || (block.column === column && isMap && !block.isMap);
    let top = this.#blocks.at(-1);
    while (top && isOver(top)) {
      this.#blocks.pop();
      top = this.#blocks.at(-1);
    }
    if (top && top.column === column && top.isMap === isMap) return top;
    const opened: BlockCollection = { column, isMap, entries: 0 };
    this.#blocks.push(opened);
    return opened;
  }

  #depthProblem(offset: number, lexeme: string): ScanProblem | null {
    const depth = this.#blocks.length + this.#flow.length;
    if (depth <= DEPTH_MAX) return null;
    return at("DC1006", offset, lexeme, `Maps and lists are nested more than ${DEPTH_MAX} deep`);
  }

  #tabIndent(lexeme: string, offset: number): ScanProblem | null {
    if (!this.#isLineEmpty || this.#flow.length > 0 || !lexeme.includes("\t")) return null;
    const following = this.#text[this.#offset];
    if (following === undefined || following === "\n" || following === "\r" || following === "#") return null;
    const tab = offset + lexeme.indexOf("\t");
    return at("DC1012", tab, "\t", "A tab in the indentation; YAML indents with spaces");
  }

  #documentMark(type: "doc-start" | "doc-end", lexeme: string, offset: number): ScanProblem | null {
    if (type === "doc-start") {
      if (this.#documents > 0 || this.#documentHasContent) return secondDocument(offset, lexeme);
      this.#documents = 1;
    } else {
      this.#documents = 2;
      this.#documentHasContent = false;
    }
    this.#keyColumn = NONE;
    return null;
  }

  #tooManyTokens(offset: number): ScanProblem {
    return at("DC1017", offset, " ", `More than ${TOKENS_MAX} words and signs in one file; split it`);
  }

  #startLine(offset: number): void {
    this.#lineStart = offset;
    this.#keyColumn = NONE;
    this.#isLineEmpty = true;
    this.#before = null;
  }

  /** A scalar of several lines: what follows stands on its last line. */
  #followLines(scalar: string): void {
    const last = scalar.lastIndexOf("\n");
    if (last < 0) return;
    const { length } = scalar;
    this.#startLine(this.#offset - (length - last - 1));
    this.#isLineEmpty = last === length - 1;
    if (!this.#isLineEmpty) this.#before = "scalar";
  }
}

/** What no document may have, found before its parser makes something of it, a token at a time. */
function isMisplaced(before: CST.TokenType | null, type: CST.TokenType | null): boolean {
  if (before === null) return false;
  if (type === "comma")
    return before === "comma" || before === "flow-seq-start" || before === "flow-map-start";
  return VALUE_ENDS.has(before) && VALUE_STARTS.has(type);
}

function countEntry(collection: OpenCollection, offset: number, lexeme: string): ScanProblem | null {
  collection.entries += 1;
  if (collection.entries <= (collection.isMap ? MAP_KEYS_MAX : LIST_ITEMS_MAX)) return null;
  return pastLimit(collection.isMap ? "keys" : "items", offset, lexeme);
}

function pastLimit(what: Counted, offset: number, lexeme: string): ScanProblem {
  const [code, message] = tooMany(what);
  return at(code, offset, lexeme, message);
}

function at(code: DiagnosticCode, offset: number, lexeme: string, message: string): ScanProblem {
  return { code, offset, length: lexeme.length, message };
}

function secondDocument(offset: number, lexeme: string): ScanProblem {
  return at("DC1011", offset, lexeme, "A second document begins here; a pipeline file holds one");
}
