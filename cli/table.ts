import stringWidth from "string-width";
import { wrapped } from "../compiler/render/text-style.ts";

/**
 * Columns padded to their widest cell, by what a terminal shows and not by code units. The last
 * column is not padded, and broken to end within `columns` where those are known. A heading row comes first.
 */
export function tableText(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number | null = null,
): string {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => stringWidth(row[column] ?? ""))));
  const last = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  return all
    .map((row) =>
      row
        .map((cell, column) => {
          if (column === widths.length - 1) return wrapped(cell, columns, last);
          const pad = column === row.length - 1 ? 0 : (widths[column] ?? 0) - stringWidth(cell);
          return cell + " ".repeat(pad);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
