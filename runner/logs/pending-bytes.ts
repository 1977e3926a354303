/**
 * A queue of bytes kept in blocks, so that a million writes of one byte cost no more memory than one
 * write of a million.
 */
export class PendingBytes {
  readonly #blockSize: number;
  readonly #blocks: { readonly bytes: Buffer; from: number; to: number }[] = [];
  #size = 0;

  constructor(blockSize: number) {
    this.#blockSize = blockSize;
  }

  get size(): number {
    return this.#size;
  }

  append(bytes: Uint8Array): void {
    let offset = 0;
    while (offset < bytes.length) {
      let block = this.#blocks.at(-1);
      if (block === undefined || block.to === this.#blockSize) {
        block = { bytes: Buffer.allocUnsafeSlow(this.#blockSize), from: 0, to: 0 };
        this.#blocks.push(block);
      }
      const count = Math.min(bytes.length - offset, this.#blockSize - block.to);
      block.bytes.set(bytes.subarray(offset, offset + count), block.to);
      block.to += count;
      offset += count;
    }
    this.#size += bytes.length;
  }

  /** The first bytes, at most one block of them; not copied, and unchanged until dropped. */
  head(): Buffer {
    const block = this.#blocks[0];
    return block === undefined ? Buffer.alloc(0) : block.bytes.subarray(block.from, block.to);
  }

  drop(count: number): void {
    if (count > this.#size) throw new RangeError(`cannot drop ${count} of ${this.#size} bytes`);
    this.#size -= count;
    for (let left = count; left > 0; ) {
      const block = this.#blocks[0];
      if (block === undefined) throw new RangeError("the queue lost bytes");
      const taken = Math.min(left, block.to - block.from);
      block.from += taken;
      left -= taken;
      if (block.from === this.#blockSize) this.#blocks.shift();
    }
  }
}
