/** Shorter values are written as often as they come. */
const CHARACTERS_MIN = 120;

/**
 * The value with one object for all that are alike, which a writer of YAML anchors once and names from then on. Short
 * ones stay apart: an alias in place of `[main]` is no easier to read.
 */
export function sharingAlike(value: unknown, known = new Map<string, unknown>()): unknown {
  if (typeof value !== "object" || value === null) return value;
  const text = JSON.stringify(value);
  const same = known.get(text);
  if (same !== undefined) return same;
  const shared = Array.isArray(value)
    ? value.map((item) => sharingAlike(item, known))
    : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sharingAlike(item, known)]));
  if (text.length >= CHARACTERS_MIN) known.set(text, shared);
  return shared;
}
