const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
type Unit = keyof typeof UNIT_MS;

/** Digits and a unit, largest unit first, each at most once. */
const DURATION = /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,8})s)?(?:(\d{1,9})ms)?$/;
const ORDER: readonly Unit[] = ["d", "h", "m", "s", "ms"];

/** Whole milliseconds of `90s`, `10m`, `1h30m`; null for anything else, a bare number included. */
export function parseDuration(text: string): number | null {
  const found = DURATION.exec(text);
  if (!found || text === "") return null;
  return ORDER.reduce((sum, unit, index) => sum + Number(found[index + 1] ?? 0) * UNIT_MS[unit], 0);
}

/** The shortest text that `parseDuration` reads as these milliseconds. */
export function formatDuration(milliseconds: number): string {
  let left = milliseconds;
  let text = "";
  for (const unit of ORDER) {
    const count = Math.floor(left / UNIT_MS[unit]);
    left -= count * UNIT_MS[unit];
    if (count > 0) text += `${count}${unit}`;
  }
  return text === "" ? "0s" : text;
}
