/** An answer of `git cat-file --batch`; null means that the name is missing or ambiguous. */
export interface GitObject {
  readonly id: string;
  readonly type: "commit" | "tree" | "blob" | "tag";
  /** null when the object is larger than asked for; its bytes were read and dropped. */
  readonly content: Buffer | null;
}

interface Arriving {
  readonly id: string;
  readonly type: GitObject["type"];
  readonly size: number;
  /** null when the bytes are dropped. */
  readonly content: Buffer | null;
  received: number;
}

const TYPES: ReadonlySet<string> = new Set<GitObject["type"]>(["commit", "tree", "blob", "tag"]);
const SIZE = /^\d{1,15}$/;
const NEWLINE = 0x0a;

/** Cuts the stream of `git cat-file --batch` into answers. Each byte is copied once. */
export class BatchAnswers {
  readonly #bytesMax: number;
  readonly #answer: (object: GitObject | null) => void;
  /** What has come of a header's line. */
  #line = "";
  #arriving: Arriving | null = null;

  constructor(bytesMax: number, answer: (object: GitObject | null) => void) {
    this.#bytesMax = bytesMax;
    this.#answer = answer;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length)
      at = this.#arriving === null ? this.#readLine(chunk, at) : this.#readContent(this.#arriving, chunk, at);
  }

  /** Reads from `start` on, and returns where it ended. */
  #readLine(chunk: Buffer, start: number): number {
    const end = chunk.indexOf(NEWLINE, start);
    this.#line += chunk.toString("latin1", start, end < 0 ? chunk.length : end);
    if (end < 0) return chunk.length;
    // `<id> <type> <size>`, or else the name that was asked for and what is wrong with it.
    const [id = "", type = "", digits = "", ...more] = this.#line.split(" ");
    this.#line = "";
    if (more.length > 0 || !TYPES.has(type) || !SIZE.test(digits)) {
      this.#answer(null);
    } else {
      const size = Number(digits);
      const content = size > this.#bytesMax ? null : Buffer.allocUnsafe(size);
      this.#arriving = { id, type: type as GitObject["type"], size, content, received: 0 };
    }
    return end + 1;
  }

  /** The content is followed by one newline that is not part of it. */
  #readContent(arriving: Arriving, chunk: Buffer, start: number): number {
    const end = Math.min(chunk.length, start + arriving.size + 1 - arriving.received);
    if (arriving.content !== null) chunk.copy(arriving.content, arriving.received, start, end);
    arriving.received += end - start;
    if (arriving.received > arriving.size) {
      this.#arriving = null;
      this.#answer({ id: arriving.id, type: arriving.type, content: arriving.content });
    }
    return end;
  }
}
