const UNITS = ["KiB", "MiB", "GiB", "TiB"];

/** `17 B`, `1.4 MiB`, `250 GiB`: for people, rounded. */
export function byteText(bytes: number): string {
  let value = bytes;
  let unit = "B";
  for (const next of UNITS) {
    if (value < 1000) break;
    value /= 1024;
    unit = next;
  }
  const shown = unit !== "B" && value < 9.95 ? value.toFixed(1) : String(Math.round(value));
  return `${shown} ${unit}`;
}
