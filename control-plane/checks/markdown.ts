import { prose } from "../../compiler/render/index.ts";

/** GitHub takes 65,535 characters in a summary; counted in bytes, which are never fewer. */
export const SUMMARY_BYTES_MAX = 65_535;
const CUT_NOTICE = "\n\n_Cut here for length; the page of the run shows all._";

/** A block in which every character is shown as it is: its fence is longer than any run of backquotes inside. */
export function codeBlock(text: string): string {
  const longest = Math.max(0, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
  const fence = "`".repeat(Math.max(3, longest + 1));
  return `${fence}text\n${text.trimEnd()}\n${fence}`;
}

/** One row of a table; markup in a cell is shown, not obeyed. */
export function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => prose(cell).replaceAll("|", "\\|")).join(" | ")} |`;
}

/** The text if it fits, else its first lines and a sentence that says so. */
export function cutToFit(text: string, bytesMax: number = SUMMARY_BYTES_MAX): string {
  if (Buffer.byteLength(text) <= bytesMax) {
    return text;
  }
  const room = bytesMax - Buffer.byteLength(CUT_NOTICE);
  const lines: string[] = [];
  let used = 0;
  for (const line of text.split("\n")) {
    used += Buffer.byteLength(line) + 1;
    if (used > room) {
      break;
    }
    lines.push(line);
  }
  return lines.join("\n") + CUT_NOTICE;
}

/** `250 ms`, `4.2 s`, `3 min 5 s`, `2 h 10 min`. */
export function durationText(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 1) {
    return `${Math.round(milliseconds)} ms`;
  }
  if (seconds < 60) {
    return `${seconds.toFixed(1)} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Between two moments, as text; null while one of them is missing. */
export function elapsed(from: string | null, to: string | null): string | null {
  return from === null || to === null ? null : durationText(Math.max(0, Date.parse(to) - Date.parse(from)));
}
