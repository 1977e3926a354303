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
