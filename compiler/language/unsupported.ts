/**
 * Keys that belong to the language but do nothing yet. Using one is an error that says so: a key
 * that is silently ignored would be a promise that is silently broken.
 */
const UNSUPPORTED: Readonly<Record<string, readonly string[]>> = {
  include: ["file", "ref", "repo", "sha256", "template"],
};

/** `where` is the name of the map in the schema. */
export function unsupportedKey(where: string, key: string): boolean {
  return UNSUPPORTED[where]?.includes(key) ?? false;
}
