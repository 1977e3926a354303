import stringWidth from "string-width";
import type { Span } from "../../schemas/diagnostic.ts";
import { displayText } from "./quote.ts";
import type { LineIndex } from "./source-text.ts";

/** Columns of source shown in a frame; a longer line is cut around the mark. */
const FRAME_COLUMNS_MAX = 120;
const TAB = "    ";

/** The line before, the line of the span and a mark under it; what a terminal would obey is escaped. */
export function codeFrame(lines: LineIndex, span: Span): readonly string[] {
  const start = lines.position(span.start);
  const end = lines.position(span.end);
  const text = lines.lineText(start.line);
  const from = start.column - 1;
  const to = end.line === start.line ? Math.max(from + 1, end.column - 1) : Math.max(from + 1, text.length);
  const cut = Math.max(0, from - FRAME_COLUMNS_MAX / 2);
  const window = text.slice(cut, cut + FRAME_COLUMNS_MAX);
  const lead = cut > 0 ? "…" : "";
  const tail = cut + window.length < text.length ? "…" : "";
  const indent = stringWidth(lead + shown(text.slice(cut, from)));
  const marked = shown(text.slice(from, Math.min(to, cut + window.length)));
  const mark = `${" ".repeat(indent)}^${"~".repeat(Math.max(0, stringWidth(marked) - 1))}`;
  const gutter = String(start.line).length;
  const before = start.line > 1 ? lines.lineText(start.line - 1) : "";
  const frame = [`${" ".repeat(gutter)} |`];
  if (before.trim() !== "") {
    const previous = shown(before.slice(cut, cut + FRAME_COLUMNS_MAX));
    frame.push(`${String(start.line - 1).padStart(gutter)} | ${lead}${previous}`);
  }
  frame.push(`${start.line} | ${lead}${shown(window)}${tail}`, `${" ".repeat(gutter)} | ${mark}`);
  return frame;
}

function shown(text: string): string {
  return displayText(text.replaceAll("\t", TAB));
}
