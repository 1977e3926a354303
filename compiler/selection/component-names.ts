import { createHash } from "node:crypto";
import type { Component } from "../../schemas/components.ts";

/** A name in a key stays within this; a check's name and a database index are no place for a long path. */
const NAME_CHARACTERS_MAX = 160;

const utf8 = new TextEncoder();

/**
 * What each component is called in the keys of its instances, by root: its id where no other component
 * has it as id or root, else its root. The same for the same commit, whatever changed.
 */
export function componentNames(components: readonly Component[]): ReadonlyMap<string, string> {
  const uses = new Map<string, number>();
  const use = (name: string): void => void uses.set(name, (uses.get(name) ?? 0) + 1);
  for (const { id, root } of components) {
    use(id);
    if (root !== id) use(root);
  }
  return new Map(components.map(({ id, root }) => [root, keyName(uses.get(id) === 1 ? id : root)]));
}

/** Two names never become one: what has a meaning in a key, or none in a terminal, is written as `%2C`. */
function keyName(name: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what must not reach a key
  const written = name.replace(
    /[%,=~[\]\s\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu,
    (character) => {
      const code = character.codePointAt(0) ?? 0;
      // A byte of a path that is not UTF-8 is held as U+DC00 and the byte.
      const held = code >= 0xdc00 && code <= 0xdfff ? [code - 0xdc00] : [...utf8.encode(character)];
      return held.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
    },
  );
  if (written.length <= NAME_CHARACTERS_MAX) return written;
  const digest = createHash("sha256").update(written, "utf8").digest("hex").slice(0, 16);
  return `${written.slice(0, NAME_CHARACTERS_MAX - 17)}~${digest}`;
}
