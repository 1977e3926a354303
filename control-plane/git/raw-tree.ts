import { decodePath } from "../../compiler/paths.ts";
import type { TreeEntry } from "../../compiler/input.ts";
import { GitError } from "./git-error.ts";

/** What a tree says of an entry: a file's mode as the compiler has it, or that of a folder. */
export type EntryMode = TreeEntry["mode"] | "040000";

const SPACE = 0x20;
const SLASH = 0x2f;
const ZERO = 0x30;
const TYPE_OF_FILE = 0o170000;

/**
 * Goes through a tree object as git stores it: `<octal mode> <name>` NUL id, again and again. Nothing is
 * made of an entry until it is asked for, for most are the same in two trees. Throws GitError `corrupt`.
 */
export class TreeCursor {
  readonly #bytes: Buffer;
  readonly #idLength: number;
  /** Both of the whole tree: to ask for parts of it one by one takes longer. */
  #hex: string | null = null;
  #text: string | null = null;
  #nameStart = 0;
  #nameEnd = -1;
  #idStart = 0;
  #isAscii = true;
  /** null past the last entry. */
  mode: EntryMode | null = null;

  /** Stands at the first entry. Ids have 20 bytes, or 32 in a repository of SHA-256. */
  constructor(bytes: Buffer, idLength: number) {
    this.#bytes = bytes;
    this.#idLength = idLength;
    this.#idStart = -idLength;
    this.next();
  }

  next(): void {
    const bytes = this.#bytes;
    let at = this.#idStart + this.#idLength;
    this.mode = null;
    if (at >= bytes.length) return;
    let mode = 0;
    for (let byte = bytes[at] ?? 0; byte !== SPACE; byte = bytes[(at += 1)] ?? 0) {
      const digit = byte - ZERO;
      if (digit < 0 || digit > 7) throw corrupt();
      mode = mode * 8 + digit;
    }
    this.#nameStart = at + 1;
    let seen = 0;
    at += 1;
    for (let byte = bytes[at]; byte !== 0; byte = bytes[(at += 1)]) {
      if (byte === undefined) throw corrupt();
      seen |= byte;
    }
    this.#nameEnd = at;
    this.#isAscii = seen < 0x80;
    this.#idStart = at + 1;
    if (at === this.#nameStart || this.#idStart + this.#idLength > bytes.length) throw corrupt();
    this.mode = modeOf(mode);
  }

  get isFolder(): boolean {
    return this.mode === "040000";
  }

  get name(): string {
    if (!this.#isAscii) return decodePath(this.#bytes.subarray(this.#nameStart, this.#nameEnd));
    this.#text ??= this.#bytes.toString("latin1");
    return this.#text.slice(this.#nameStart, this.#nameEnd);
  }

  get id(): string {
    this.#hex ??= this.#bytes.toString("hex");
    return this.#hex.slice(2 * this.#idStart, 2 * (this.#idStart + this.#idLength));
  }

  hasIdOf(other: TreeCursor): boolean {
    const [mine, theirs] = [this.#bytes, other.#bytes];
    const [start, otherStart] = [this.#idStart, other.#idStart];
    for (let index = 0; index < this.#idLength; index += 1) {
      if (mine[start + index] !== theirs[otherStart + index]) return false;
    }
    return true;
  }

  /** Below zero when this entry comes first. A folder stands where its name with a slash would. */
  compare(other: TreeCursor): number {
    const length = Math.min(this.#nameEnd - this.#nameStart, other.#nameEnd - other.#nameStart);
    for (let index = 0; index < length; index += 1) {
      const difference =
        (this.#bytes[this.#nameStart + index] ?? 0) - (other.#bytes[other.#nameStart + index] ?? 0);
      if (difference !== 0) return difference;
    }
    return this.#byteAt(length) - other.#byteAt(length);
  }

  #byteAt(index: number): number {
    const at = this.#nameStart + index;
    return at < this.#nameEnd ? (this.#bytes[at] ?? 0) : this.isFolder ? SLASH : 0;
  }
}

/** Git once wrote group-writable files, and reads every mode as one of these ever since. */
function modeOf(mode: number): EntryMode {
  switch (mode & TYPE_OF_FILE) {
    case 0o100000:
      return (mode & 0o100) === 0 ? "100644" : "100755";
    case 0o040000:
      return "040000";
    case 0o120000:
      return "120000";
    default:
      return "160000";
  }
}

function corrupt(): GitError {
  return new GitError("corrupt", "a tree object ends in the middle of an entry or has a mode that is none");
}
