import type { TreeEntry, TreeSnapshot } from "../input.ts";

/**
 * Remembers what was read from a file, by its blob id and path: base and head, and one plan after
 * another, share most of their files. Only whole results are kept, the least recently used go first.
 */
export class BlobCache<Value extends object> {
  readonly #max: number;
  readonly #values = new Map<string, Value>();

  /** max: results kept. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Keeps what is read from a file before anybody asks for it, while there is room. `read` may throw. */
  readAhead({ blob, path }: TreeEntry, read: () => Value): void {
    const key = `${blob}\0${path}`;
    if (this.#values.size < this.#max && !this.#values.has(key)) this.#values.set(key, read());
  }

  /** The result for the file at `path`; `read` is asked when it is not known, and may throw. */
  get(snapshot: TreeSnapshot, path: string, read: () => Value | null): Value | null {
    const blob = snapshot.entries.get(path)?.blob;
    // Without its content a file is unreadable here, whatever another snapshot knew of it.
    if (blob === undefined || !snapshot.contents.has(path)) return read();
    const key = `${blob}\0${path}`;
    const known = this.#values.get(key);
    const value = known ?? read();
    if (value === null) return null;
    if (known !== undefined) this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > this.#max) this.#values.delete(this.#values.keys().next().value ?? "");
    return value;
  }
}
