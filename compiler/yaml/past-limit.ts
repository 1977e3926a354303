import type { DiagnosticCode } from "../../schemas/diagnostic-codes.ts";
import type { Span } from "../../schemas/diagnostic.ts";
import { ALIASES_MAX, ANCHORS_MAX, LIST_ITEMS_MAX, MAP_KEYS_MAX } from "./limits.ts";

/** Thrown to leave a text to the parser; never leaves the reader of ordinary texts. One object, for it carries nothing. */
export const NOT_ORDINARY = new Error("not ordinary");

/** What a text may have only so many of: in one collection, or at all. */
export type Counted = "keys" | "items" | "anchors" | "aliases";

/** Where a text that can be read up to there has more of something than any may have. */
export interface TooMany {
  readonly kind: "too many";
  readonly what: Counted;
  /**
   * The sign at which the scan counts the first past the limit: a key's colon in a block map, a comma in a flow
   * collection, the anchor or the alias itself.
   */
  readonly span: Span;
}

/** Thrown where that is; never leaves the reader of ordinary texts. */
export class PastLimit extends Error {
  readonly found: TooMany;

  constructor(what: Counted, span: Span) {
    super(`too many ${what}`);
    this.found = { kind: "too many", what, span };
  }
}

const TOLD: Readonly<Record<Counted, readonly [code: DiagnosticCode, message: string]>> = {
  keys: ["DC1007", `A map with more than ${MAP_KEYS_MAX} keys`],
  items: ["DC1007", `A list with more than ${LIST_ITEMS_MAX} items`],
  anchors: ["DC1008", `More than ${ANCHORS_MAX} anchors`],
  aliases: ["DC1008", `More than ${ALIASES_MAX} aliases`],
};

/** What is said of a text that is past the limit. */
export function tooMany(what: Counted): readonly [code: DiagnosticCode, message: string] {
  return TOLD[what];
}
