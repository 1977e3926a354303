import type { Span } from "../../schemas/diagnostic.ts";
import type { Report } from "../diagnostics/report.ts";
import type { Expression, Template } from "./ast.ts";
import { type Scope, valueOf } from "./evaluate.ts";
import { TEXT_CHARACTERS_MAX } from "./limits.ts";
import { parseExpression } from "./parser.ts";
import { isScalar, kindOf } from "./values.ts";

const OPEN = "${{";
const CLOSE = "}}";
/** `$${{` stands for a literal `${{`. */
const ESCAPED = "$${{";

/** The text a template was read from: its value, and how it stands in the file. */
export interface TemplateSource {
  readonly text: string;
  /** As written in the file, from `span.start`; equal to `text` for most plain values. */
  readonly written: string;
  readonly span: Span;
}

/** Splits text at its `${{ }}` and parses what is inside. Null, with findings, when an expression is malformed. */
export function parseTemplate(source: TemplateSource, report: Report): Template | null {
  const { text, span } = source;
  const parts: (string | Expression)[] = [];
  let isWhole = true;
  let from = 0;
  let writtenFrom = 0;
  for (let open = text.indexOf(OPEN); open >= 0; open = text.indexOf(OPEN, from)) {
    const writtenOpen = source.written.indexOf(OPEN, writtenFrom);
    if (text[open - 1] === "$" && open > from) {
      parts.push(text.slice(from, open - 1) + OPEN);
      from = open + OPEN.length;
      writtenFrom = writtenOpen + OPEN.length;
      continue;
    }
    if (open > from) parts.push(text.slice(from, open));
    const close = findClose(text, open + OPEN.length);
    const inside = text.slice(open + OPEN.length, close < 0 ? text.length : close);
    const locate = locator(source, writtenOpen, inside);
    if (close < 0) {
      report.add(
        "DC1301",
        locate(-OPEN.length, 0),
        `\`${OPEN}\` has no closing \`${CLOSE}\`; write \`${ESCAPED}\` for the text itself`,
      );
      return null;
    }
    const expression = parseExpression(inside, locate, report);
    if (expression) parts.push(expression);
    else isWhole = false;
    from = close + CLOSE.length;
    writtenFrom = writtenOpen < 0 ? writtenFrom : writtenOpen + OPEN.length + inside.length;
  }
  if (from < text.length || parts.length === 0) parts.push(text.slice(from));
  return isWhole ? { parts, span } : null;
}

/** The `}}` that ends an expression; one inside a string does not. */
function findClose(text: string, from: number): number {
  let quoted: string | null = null;
  for (let index = from; index < text.length; index += 1) {
    const character = text[index];
    if (quoted !== null) {
      if (character === quoted) quoted = null;
    } else if (character === "'" || character === '"') {
      quoted = character;
    } else if (character === "}" && text[index + 1] === "}") {
      return index;
    }
  }
  return -1;
}

/** Exact places when the expression stands in the file as it reads; else the whole value. */
function locator({ written, span }: TemplateSource, writtenOpen: number, inside: string) {
  const base = writtenOpen + OPEN.length;
  const isExact = writtenOpen >= 0 && written.startsWith(inside, base);
  return (start: number, end: number): Span =>
    isExact ? { file: span.file, start: span.start + base + start, end: span.start + base + end } : span;
}

export interface RenderedTemplate {
  /** Null when there is a problem. */
  readonly text: string | null;
  readonly problem: { readonly span: Span; readonly message: string } | null;
}

/** The text with every expression replaced by its value. A null or a map has no text and is a problem. */
export function renderTemplate(template: Template, scope: Scope): RenderedTemplate {
  const [first] = template.parts;
  if (template.parts.length === 1 && typeof first === "string") return { text: first, problem: null };
  let text = "";
  for (const part of template.parts) {
    if (typeof part === "string") {
      text += part;
      continue;
    }
    const { value, problem } = valueOf(part, scope);
    if (problem) return { text: null, problem };
    if (value === null || !isScalar(value)) {
      return { text: null, problem: { span: part.span, message: `${kindOf(value)} has no text` } };
    }
    text += String(value);
    if (text.length > TEXT_CHARACTERS_MAX) {
      const message = `the text is longer than ${TEXT_CHARACTERS_MAX} characters`;
      return { text: null, problem: { span: template.span, message } };
    }
  }
  return { text, problem: null };
}

/** The expressions of a template. */
export function expressionsOf(template: Template): readonly Expression[] {
  return template.parts.filter((part) => typeof part !== "string");
}
