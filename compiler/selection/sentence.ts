import { displayText } from "../diagnostics/quote.ts";

/** A name in a sentence is shown up to here; a path longer than this is rarely read to its end. */
const NAME_CHARACTERS_MAX = 200;
/** Names listed in a sentence; the rest is counted. */
const NAMES_MAX = 3;

/**
 * A user's text between backquotes. A backquote inside is written as an escape, so that the text can
 * never leave its quotes, in a terminal or in Markdown. An empty text reads `""`.
 */
export function named(text: string): string {
  if (text === "") return '`""`';
  const cut = text.length > NAME_CHARACTERS_MAX ? `${text.slice(0, NAME_CHARACTERS_MAX)}…` : text;
  return `\`${displayText(cut).replaceAll("`", "\\u0060")}\``;
}

/** `a`, `a or b`, `a, b or c`, `a, b, c or 4 more`. */
export function listNames(names: readonly string[], word: "or" | "and"): string {
  const shown = names.slice(0, NAMES_MAX).map(named);
  if (names.length > NAMES_MAX) shown.push(`${names.length - NAMES_MAX} more`);
  const last = shown.pop() ?? "nothing";
  return shown.length === 0 ? last : `${shown.join(", ")} ${word} ${last}`;
}

/** `1 path`, `2 paths`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
