/** An answer of `git cat-file --batch`; null means that the name is missing or ambiguous. */
export interface GitObject {
  readonly id: string;
  readonly type: "commit" | "tree" | "blob" | "tag";
  /** null when the object is larger than asked for; its bytes were read and dropped. */
  readonly content: Buffer | null;
}

interface Arriving {
  readonly header: Header;
  /** null when the bytes are dropped. */
  readonly content: Buffer | null;
  received: number;
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const ZERO = 0x30;
/** No object has as many bytes as a number of this many digits tells. */
const SIZE_DIGITS_MAX = 15;
/** Those first that are met most. */
const TYPES = (["blob", "tree", "commit", "tag"] as const).map((name) => ({
  name,
  bytes: Buffer.from(` ${name} `, "latin1"),
}));
const NOTHING = Buffer.alloc(0);

/**
 * Cuts the stream of `git cat-file --batch` into answers. Content that came in one piece with its header is not
 * copied: it is a part of the piece.
 */
export class BatchAnswers {
  readonly #bytesMax: number;
  readonly #answer: (object: GitObject | null) => void;
  /** What has come of a header's line. */
  #line: Buffer = NOTHING;
  #arriving: Arriving | null = null;

  constructor(bytesMax: number, answer: (object: GitObject | null) => void) {
    this.#bytesMax = bytesMax;
    this.#answer = answer;
  }

  push(chunk: Buffer): void {
    const bytes = this.#line.length === 0 ? chunk : Buffer.concat([this.#line, chunk]);
    this.#line = NOTHING;
    let at = 0;
    while (at < bytes.length)
      at =
        this.#arriving === null ? this.#readAnswer(bytes, at) : this.#readContent(this.#arriving, bytes, at);
  }

  /** Reads from `start` on, and returns where it ended. */
  #readAnswer(bytes: Buffer, start: number): number {
    const end = bytes.indexOf(NEWLINE, start);
    if (end < 0) {
      this.#line = bytes.subarray(start);
      return bytes.length;
    }
    const header = readHeader(bytes, start, end);
    const next = end + 1;
    if (header === null) {
      this.#answer(null);
      return next;
    }
    const { size } = header;
    if (size <= this.#bytesMax && next + size < bytes.length) {
      this.#answer(new Answer(header, bytes.subarray(next, next + size)));
      return next + size + 1;
    }
    this.#arriving = {
      header,
      content: size > this.#bytesMax ? null : Buffer.allocUnsafe(size),
      received: 0,
    };
    return next;
  }

  /** The content is followed by one newline that is not part of it. */
  #readContent(arriving: Arriving, bytes: Buffer, start: number): number {
    const { header, content } = arriving;
    const end = Math.min(bytes.length, start + header.size + 1 - arriving.received);
    if (content !== null) bytes.copy(content, arriving.received, start, end);
    arriving.received += end - start;
    if (arriving.received > header.size) {
      this.#arriving = null;
      this.#answer(new Answer(header, content));
    }
    return end;
  }
}

interface Header {
  /** The piece that the header came in, and where its id lies there. */
  readonly bytes: Buffer;
  readonly idStart: number;
  readonly idEnd: number;
  readonly type: GitObject["type"];
  readonly size: number;
}

/** `<id> <type> <size>`; null for anything else: the name that was asked for and what is wrong with it. */
function readHeader(bytes: Buffer, idStart: number, end: number): Header | null {
  const idEnd = bytes.indexOf(SPACE, idStart);
  const type = TYPES.find((one) => holdsAt(bytes, idEnd, one.bytes));
  const sizeStart = idEnd + (type?.bytes.length ?? 0);
  if (type === undefined || sizeStart >= end || end - sizeStart > SIZE_DIGITS_MAX) return null;
  let size = 0;
  for (let at = sizeStart; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return null;
    size = size * 10 + digit;
  }
  return { bytes, idStart, idEnd, type: type.name, size };
}

function holdsAt(bytes: Buffer, start: number, expected: Buffer): boolean {
  for (let index = 0; index < expected.length; index += 1) {
    if (bytes[start + index] !== expected[index]) return false;
  }
  return true;
}

/** Its id is made when it is asked for: nearly everything is asked for by its id. */
class Answer implements GitObject {
  readonly #header: Header;
  readonly content: Buffer | null;

  constructor(header: Header, content: Buffer | null) {
    this.#header = header;
    this.content = content;
  }

  get id(): string {
    const { bytes, idStart, idEnd } = this.#header;
    return bytes.toString("latin1", idStart, idEnd);
  }

  get type(): GitObject["type"] {
    return this.#header.type;
  }
}
