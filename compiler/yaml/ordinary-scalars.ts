import { plainValue } from "./plain-values.ts";

/** A scalar that was read: its value, how it was written and where it ends. */
export interface ReadScalar {
  readonly value: string | number | boolean | null;
  readonly style: "plain" | "quoted" | "block";
  readonly end: number;
}

const TAB = 0x09;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const DOUBLE = 0x22;
const HASH = 0x23;
const SINGLE = 0x27;
const DASH = 0x2d;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** Signs with which no plain scalar begins, or which are left to the parser. */
const NO_PLAIN_START = new Set(Array.from("?:,[]{}#&*!|>'\"%@`\t\n ", (sign) => sign.charCodeAt(0)));

const ESCAPED: ReadonlyMap<string, string> = new Map([
  ["\\", "\\"],
  ['"', '"'],
  ["/", "/"],
  ["n", "\n"],
  ["t", "\t"],
]);

/**
 * A plain scalar of one line; null when it is something else. In a flow collection brackets and commas end it too.
 */
export function readPlain(text: string, start: number, isInFlow: boolean): ReadScalar | null {
  const end = plainEnd(text, start, isInFlow);
  if (end === null) return null;
  const value = plainValue(text.slice(start, end));
  return value === undefined ? null : { value, style: "plain", end };
}

/** Where a plain scalar or key that begins here ends, without the spaces after it. */
export function plainEnd(text: string, start: number, isInFlow: boolean): number | null {
  const first = text.charCodeAt(start);
  if (Number.isNaN(first) || NO_PLAIN_START.has(first)) return null;
  if (first === DASH && isSeparate(text.charCodeAt(start + 1), isInFlow)) return null;
  let end = start;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === NEWLINE) break;
    if (code === TAB) return null;
    if (code === SPACE) continue;
    if (code === HASH && text.charCodeAt(at - 1) === SPACE) break;
    if (code === COLON && isSeparate(text.charCodeAt(at + 1), isInFlow)) break;
    if (isInFlow && isFlowSign(code)) break;
    end = at + 1;
  }
  return end;
}

/** True when a colon or a dash before this sign is an indicator and not a part of a word. */
function isSeparate(next: number, isInFlow: boolean): boolean {
  return isBlank(next) || next === TAB || (isInFlow && isFlowSign(next));
}

/** A space, the end of the line or of the text. */
export function isBlank(code: number): boolean {
  return Number.isNaN(code) || code === SPACE || code === NEWLINE;
}

/** `]` or `}`. */
export function isFlowEnd(code: number): boolean {
  return code === 0x5d || code === 0x7d;
}

/** Where the name of an anchor or an alias ends that begins here. */
export function nameEnd(text: string, start: number): number {
  let end = start;
  for (let code = text.charCodeAt(end); !isBlank(code) && code !== TAB && !isFlowSign(code); ) {
    end += 1;
    code = text.charCodeAt(end);
  }
  return end;
}

/** A bracket, a brace or a comma. */
function isFlowSign(code: number): boolean {
  return isFlowEnd(code) || code === 0x5b || code === 0x7b || code === 0x2c;
}

/** A scalar in quotes on one line, with the escapes that pipelines use; null when it is something else. */
export function readQuoted(text: string, start: number): ReadScalar | null {
  const quote = text.charCodeAt(start);
  if (quote !== SINGLE && quote !== DOUBLE) return null;
  let value = "";
  let from = start + 1;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === NEWLINE || code === TAB) return null;
    if (code === BACKSLASH && quote === DOUBLE) {
      const meant = ESCAPED.get(text[at + 1] ?? "");
      if (meant === undefined) return null;
      value += text.slice(from, at) + meant;
      at += 1;
      from = at + 1;
    } else if (code === quote) {
      if (quote === DOUBLE || text.charCodeAt(at + 1) !== SINGLE) {
        return { value: value + text.slice(from, at), style: "quoted", end: at + 1 };
      }
      value += text.slice(from, at + 1);
      at += 1;
      from = at + 1;
    }
  }
  return null;
}

/**
 * A literal block (`|`, `|-`, `|+`) whose lines are indented by more than `parent` columns; null when it is
 * something else, or has a line that only the parser should judge.
 */
export function readLiteral(text: string, start: number, parent: number): ReadScalar | null {
  const header = /^\|([-+]?)\n/.exec(text.slice(start, start + 3));
  if (header === null) return null;
  const lines: string[] = [];
  let indent = -1;
  /** Blank lines that are the block's only when another line of it follows. */
  let blank = 0;
  let at = start + header[0].length;
  let end = at;
  while (at < text.length) {
    const lineEnd = endOfLine(text, at);
    const first = Math.min(firstNotSpace(text, at), lineEnd);
    const column = first - at;
    if (first === lineEnd) {
      if (indent < 0 ? column > parent + 1 : column > indent) return null;
      blank += 1;
    } else if (column <= parent) break;
    else {
      if (indent < 0) indent = column;
      if (column < indent || text.charCodeAt(first) === TAB) return null;
      for (; blank > 0; blank -= 1) lines.push("");
      lines.push(text.slice(at + indent, lineEnd));
      end = Math.min(lineEnd + 1, text.length);
    }
    at = lineEnd + 1;
  }
  // Without a line, or with blank ones that a `+` keeps, where it ends is the parser's to say.
  if (indent < 0 || (header[1] === "+" && blank > 0)) return null;
  return { value: lines.join("\n") + (header[1] === "-" ? "" : "\n"), style: "block", end };
}

export function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

export function firstNotSpace(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === SPACE) at += 1;
  return at;
}
