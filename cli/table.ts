import stringWidth from "string-width";

/**
 * Columns padded to their widest cell, by what a terminal shows and not by code units. The last
 * column is not padded. A heading row comes first.
 */
export function tableText(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => stringWidth(row[column] ?? ""))));
  return all
    .map((row) =>
      row
        .map((cell, column) => {
          const pad = column === row.length - 1 ? 0 : (widths[column] ?? 0) - stringWidth(cell);
          return cell + " ".repeat(pad);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
