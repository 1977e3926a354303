import serialize from "canonicalize";

/**
 * RFC 8785 JSON of a plain value, as the package `canonicalize` writes it; null when there is none, for a
 * text in it holds half a surrogate pair. The engine's own writer needs a third of the package's time. The
 * package is asked where the engine differs: keys that objects keep in an order of their own, numbers
 * that are not finite, for which it throws.
 */
export function canonicalJson(value: unknown): string | null {
  const sorting: Sorting = { isPlain: true, isWellFormed: true };
  const ordered = inOrder(value, sorting);
  if (!sorting.isWellFormed) return null;
  return (sorting.isPlain ? JSON.stringify(ordered) : serialize(value)) ?? null;
}

/** What was met on the way. */
interface Sorting {
  /** False once the engine would write it otherwise. */
  isPlain: boolean;
  isWellFormed: boolean;
}

/** The same value, the keys of every object added in the order of their UTF-16 units. */
function inOrder(value: unknown, sorting: Sorting): unknown {
  if (typeof value === "string") sorting.isWellFormed &&= value.isWellFormed();
  if (typeof value === "number") sorting.isPlain &&= Number.isFinite(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => inOrder(item, sorting));
  const fields = value as Readonly<Record<string, unknown>>;
  const ordered: Record<string, unknown> = {};
  for (const key of Object.keys(fields).sort()) {
    sorting.isWellFormed &&= key.isWellFormed();
    // Objects put whole numbers first, and take `__proto__` for something else.
    if (/^\d|^__proto__$/.test(key)) sorting.isPlain = false;
    ordered[key] = inOrder(fields[key], sorting);
  }
  return ordered;
}
