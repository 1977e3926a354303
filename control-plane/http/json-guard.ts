/** Deepest nesting of a webhook body. GitHub's go to about ten; deeper ones are an attack on parsers. */
export const JSON_DEPTH_MAX = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** A `__proto__` key. Inside a string its quotes would be escaped, so this matches keys alone. */
const PROTOTYPE_KEY = /"__proto__"\s*:/;

/**
 * Parses JSON from outside after one linear look at its bytes. Returns what is wrong with it instead
 * of throwing: not UTF-8, not JSON, nested too deeply, or an attempt on the prototype.
 */
export function parseGuarded(
  bytes: Uint8Array,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly why: string } {
  if (depthOf(bytes) > JSON_DEPTH_MAX) {
    return { ok: false, why: `the body is nested deeper than ${JSON_DEPTH_MAX} levels` };
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (PROTOTYPE_KEY.test(text)) {
      return { ok: false, why: "the body has a key __proto__" };
    }
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false, why: "the body is not JSON in UTF-8" };
  }
}

/** The deepest nesting of brackets outside strings; stops counting once past the limit. */
function depthOf(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < bytes.length && deepest <= JSON_DEPTH_MAX; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === BACKSLASH) {
        at++;
      } else if (byte === QUOTE) {
        inString = false;
      }
    } else if (byte === QUOTE) {
      inString = true;
    } else if (byte === 0x7b || byte === 0x5b) {
      deepest = Math.max(deepest, ++depth);
    } else if (byte === 0x7d || byte === 0x5d) {
      depth--;
    }
  }
  return deepest;
}
