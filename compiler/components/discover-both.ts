import type { TreeEntry, TreeSnapshot } from "../input.ts";
import { discoverComponents, isManifest } from "./discover.ts";
import type { DiscoverOptions, Discovery } from "./model.ts";

/**
 * The components of a commit and of the one it is compared with. Most changes touch nothing that discovery
 * looks at; then the head's components, the very same object, are the base's too.
 */
export function discoverBoth(
  head: TreeSnapshot,
  base: TreeSnapshot | null,
  options: DiscoverOptions = {},
): { readonly head: Discovery; readonly base: Discovery | null } {
  const asked = new Set<string>();
  const watched: TreeSnapshot = {
    commit: head.commit,
    entries: new WatchedMap(head.entries, asked),
    contents: new WatchedMap(head.contents, asked),
  };
  const found = discoverComponents(watched, options);
  if (base === null) return { head: found, base };
  const same = hasSameManifests(head, base) && [...asked].every((path) => looksTheSame(path, head, base));
  return { head: found, base: same ? found : discoverComponents(base, options) };
}

/** Whether both commits have the paths, in the same order, from which discovery starts. */
function hasSameManifests(head: TreeSnapshot, base: TreeSnapshot): boolean {
  return holdsManifestsOf(head, base) && holdsManifestsOf(base, head);
}

/** Whether there is a manifest wherever the other commit has one. */
function holdsManifestsOf(other: TreeSnapshot, { entries }: TreeSnapshot): boolean {
  for (const path of other.entries.keys()) if (!entries.has(path) && isManifest(path)) return false;
  return true;
}

function looksTheSame(path: string, head: TreeSnapshot, base: TreeSnapshot): boolean {
  return (
    isSameEntry(head.entries.get(path), base.entries.get(path)) &&
    head.contents.has(path) === base.contents.has(path)
  );
}

function isSameEntry(one: TreeEntry | undefined, other: TreeEntry | undefined): boolean {
  return one === other || (one?.blob === other?.blob && one?.mode === other?.mode);
}

/** A map that remembers which keys it was asked for. Walking over its keys asks for none. */
class WatchedMap<Value> implements ReadonlyMap<string, Value> {
  readonly #map: ReadonlyMap<string, Value>;
  readonly #asked: Set<string>;

  constructor(map: ReadonlyMap<string, Value>, asked: Set<string>) {
    this.#map = map;
    this.#asked = asked;
  }

  get size(): number {
    return this.#map.size;
  }

  get(key: string): Value | undefined {
    this.#asked.add(key);
    return this.#map.get(key);
  }

  has(key: string): boolean {
    this.#asked.add(key);
    return this.#map.has(key);
  }

  keys(): MapIterator<string> {
    return this.#map.keys();
  }

  *values(): MapIterator<Value> {
    for (const [, value] of this) yield value;
  }

  *entries(): MapIterator<[string, Value]> {
    for (const entry of this.#map) {
      this.#asked.add(entry[0]);
      yield entry;
    }
  }

  [Symbol.iterator](): MapIterator<[string, Value]> {
    return this.entries();
  }

  forEach(callback: (value: Value, key: string, map: ReadonlyMap<string, Value>) => void): void {
    for (const [key, value] of this) callback(value, key, this);
  }
}
