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

const HEADER = /^([0-9a-f]{40,64}) (commit|tree|blob|tag) (\d+)$/;

/** Cuts the stream of `git cat-file --batch` into answers. Each byte is copied once. */
export class BatchAnswers {
  readonly #bytesMax: number;
  readonly #answer: (object: GitObject | null) => void;
  #line: Buffer[] = [];
  #arriving: Arriving | null = null;

  constructor(bytesMax: number, answer: (object: GitObject | null) => void) {
    this.#bytesMax = bytesMax;
    this.#answer = answer;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      rest = this.#arriving === null ? this.#readLine(rest) : this.#readContent(this.#arriving, rest);
    }
  }

  #readLine(chunk: Buffer): Buffer {
    const end = chunk.indexOf(0x0a);
    if (end < 0) {
      this.#line.push(chunk);
      return chunk.subarray(chunk.length);
    }
    const line = Buffer.concat([...this.#line, chunk.subarray(0, end)]).toString("latin1");
    this.#line = [];
    const [, id, type, digits] = HEADER.exec(line) ?? [];
    if (id === undefined || type === undefined) {
      this.#answer(null);
    } else {
      const size = Number(digits);
      const content = size > this.#bytesMax ? null : Buffer.allocUnsafe(size);
      this.#arriving = { id, type: type as GitObject["type"], size, content, received: 0 };
    }
    return chunk.subarray(end + 1);
  }

  /** The content is followed by one newline that is not part of it. */
  #readContent(arriving: Arriving, chunk: Buffer): Buffer {
    const taken = Math.min(chunk.length, arriving.size + 1 - arriving.received);
    if (arriving.content !== null) chunk.copy(arriving.content, arriving.received, 0, taken);
    arriving.received += taken;
    if (arriving.received > arriving.size) {
      this.#arriving = null;
      this.#answer({ id: arriving.id, type: arriving.type, content: arriving.content });
    }
    return chunk.subarray(taken);
  }
}
