const UNIT_BYTES = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;

const SIZE = /^(\d{1,9}(?:\.\d{1,3})?)(B|KiB|MiB|GiB|TiB|KB|MB|GB|TB)$/;

/** The shortest text that `parseSize` reads as these bytes, which it must have read from one. */
export function formatSize(bytes: number): string {
  const texts = Object.entries(UNIT_BYTES).flatMap(([unit, size]) =>
    [0, 1, 2, 3].map((digits) => `${(bytes / size).toFixed(digits)}${unit}`),
  );
  const exact = texts.filter((text) => parseSize(text) === bytes);
  return exact.reduce((shortest, text) => (text.length < shortest.length ? text : shortest), `${bytes}B`);
}

/** Whole bytes of `512MiB` or `1.5GiB`; null for anything else, a bare number included. */
export function parseSize(text: string): number | null {
  const found = SIZE.exec(text);
  if (!found) return null;
  const unit = found[2] as keyof typeof UNIT_BYTES;
  const bytes = Math.round(Number(found[1]) * UNIT_BYTES[unit]);
  return Number.isSafeInteger(bytes) ? bytes : null;
}
