import { displayPath } from "../paths.ts";

/** What is quoted from a user's text in a message; the rest is cut. */
const QUOTE_CHARACTERS_MAX = 60;

/** A user's text for a message: between backquotes, cut, control characters written as escapes. */
export function quote(text: string): string {
  const cut = text.length > QUOTE_CHARACTERS_MAX ? `${text.slice(0, QUOTE_CHARACTERS_MAX)}…` : text;
  return `\`${displayText(cut)}\``;
}

/** Text for a terminal: what would move the cursor, colour, break or reorder the line is written as an escape. */
export function displayText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what must not reach a terminal
  const safe = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (character) =>
    character === "\n" ? "\\n" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return displayPath(safe);
}
