import stringWidth from "string-width";

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
  cyan: [36, 39],
} as const;

export type TextStyle = keyof typeof CODES;
export type StyleText = (style: TextStyle, text: string) => string;

/** Colours for a terminal, or none. Whoever writes to the terminal decides. */
export function styler(colour: boolean): StyleText {
  if (!colour) return (_style, text) => text;
  return (style, text) => `\u001b[${CODES[style][0]}m${text}\u001b[${CODES[style][1]}m`;
}

/** Pads by what a terminal shows, not by code units. */
export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - stringWidth(text)));
}

export function widest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, stringWidth(text)), 0);
}

/** With less room than this beside what stands before it, a text is left for the terminal to break. */
const ROOM_MIN = 24;

/** Breaks a text at spaces to end within `columns`, where its first line begins at `indent` and so do the others. */
export function wrapped(text: string, columns: number | null, indent: number): string {
  const room = (columns ?? Number.POSITIVE_INFINITY) - indent;
  if (room < ROOM_MIN || stringWidth(text) <= room) return text;
  const lines: string[] = [];
  let left = 0;
  for (const word of text.split(" ")) {
    const width = stringWidth(word);
    const fits = width < left;
    lines.push(fits ? `${lines.pop()} ${word}` : word);
    left = fits ? left - width - 1 : room - width;
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}
