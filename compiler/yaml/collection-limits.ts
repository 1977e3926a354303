import type { Span } from "../../schemas/diagnostic.ts";
import { LIST_ITEMS_MAX, MAP_KEYS_MAX } from "./limits.ts";
import type { YamlEntry, YamlNode } from "./nodes.ts";

/** Thrown to leave a text to the parser; never leaves the reader of ordinary texts. One object, for it carries nothing. */
export const NOT_ORDINARY = new Error("not ordinary");

/** Where a text that is ordinary up to there has more in one collection than any may have. */
export interface TooMany {
  readonly kind: "too many";
  readonly what: "keys" | "items";
  /** The sign at which the scan counts the first past the limit: a key's colon in a block map, else a comma. */
  readonly span: Span;
}

/** Thrown where that is; never leaves the reader of ordinary texts. */
export class PastLimit extends Error {
  readonly found: TooMany;

  constructor(what: TooMany["what"], span: Span) {
    super(`too many ${what}`);
    this.found = { kind: "too many", what, span };
  }
}

/** What is wrong with a collection past its limit (DC1007). */
export function tooMany(what: "keys" | "items"): string {
  return what === "keys"
    ? `A map with more than ${MAP_KEYS_MAX} keys`
    : `A list with more than ${LIST_ITEMS_MAX} items`;
}

export function addEntry(entries: Map<string, YamlEntry>, entry: YamlEntry): void {
  if (entries.has(entry.key) || entries.size === MAP_KEYS_MAX) throw NOT_ORDINARY;
  entries.set(entry.key, entry);
}

export function addItem(items: YamlNode[], item: YamlNode): void {
  if (items.length === LIST_ITEMS_MAX) throw NOT_ORDINARY;
  items.push(item);
}
