import type { Place } from "../../schemas/diagnostic.ts";
import type { TreeEntry, TreeSnapshot } from "../input.ts";

/** A manifest is written by people; the largest known ones stay under 200 KiB. */
export const MANIFEST_BYTES_MAX = 2 * 1024 * 1024;
/** A lockfile of 20,000 packages is about 10 MiB. */
export const LOCKFILE_BYTES_MAX = 48 * 1024 * 1024;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Why a manifest or lockfile cannot be used, as a clause. Thrown by readers and caught by discovery. */
export class Unusable extends Error {
  override readonly name = "Unusable";
}

/**
 * Text of a file, without a byte order mark. null when the commit has no such file or it is no plain
 * file. Throws Unusable when its content is not there, too large or not UTF-8.
 */
export function readText(snapshot: TreeSnapshot, path: string, bytesMax = MANIFEST_BYTES_MAX): string | null {
  const entry = snapshot.entries.get(path);
  if (entry === undefined || !isPlainFile(entry)) return null;
  const bytes = snapshot.contents.get(path);
  if (bytes === undefined) throw new Unusable("its content could not be read");
  return textOf(bytes, bytesMax);
}

/** Neither a link nor a submodule. */
export function isPlainFile({ mode }: TreeEntry): boolean {
  return mode !== "120000" && mode !== "160000";
}

/** Text of a file's content. Throws Unusable when it is too large or not UTF-8. */
export function textOf(bytes: Uint8Array, bytesMax = MANIFEST_BYTES_MAX): string {
  if (bytes.length > bytesMax)
    throw new Unusable(`it has ${bytes.length} bytes; at most ${bytesMax} are read`);
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Unusable("it is not UTF-8 text");
  }
}

/** Runs a reader; what it finds unusable, or any parser's complaint, becomes one clause. */
export function attempt<Value>(read: () => Value): { readonly value: Value } | { readonly why: string } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof Unusable) return { why: error.message };
    throw error;
  }
}

/** Lines and columns of offsets in one text. Asked in rising order it reads the text once. */
export class LinePlaces {
  readonly #file: string;
  readonly #text: string;
  #line = 1;
  #lineStart = 0;
  #from = 0;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
  }

  at(offset: number): Place {
    if (offset < this.#lineStart) {
      this.#line = 1;
      this.#lineStart = 0;
      this.#from = 0;
    }
    for (;;) {
      const end = this.#text.indexOf("\n", this.#from);
      if (end < 0 || end >= offset) break;
      this.#line += 1;
      this.#lineStart = end + 1;
      this.#from = end + 1;
    }
    return { file: this.#file, line: this.#line, column: offset - this.#lineStart + 1 };
  }
}
