interface Node {
  readonly next: Map<number, Node>;
  readonly depth: number;
  fail: Node | null;
  /** Length of the longest pattern that ends here, through suffixes too; 0 for none. */
  matched: number;
}

export const MASK = Buffer.from("***");

/**
 * Replaces every run of bytes covered by any of the patterns with `***`, over a stream whose chunks may
 * cut a pattern anywhere: the output is the same for every way of cutting. A byte is held back only
 * while it may still become part of a pattern, so at most the longest pattern less one byte.
 * Linear in the input (Aho-Corasick).
 */
export class Masker {
  readonly #root: Node;
  /** By byte: whether any pattern begins with it. Most text is passed over by this alone. */
  readonly #starts = new Uint8Array(256);
  #node: Node;
  /** Bytes not yet given out, and for each whether a pattern covers it. */
  #held: Buffer = Buffer.alloc(0);
  #heldCovered: Uint8Array = new Uint8Array(0);
  #insideMask = false;

  constructor(patterns: readonly Uint8Array[]) {
    this.#root = buildAutomaton(patterns.filter((pattern) => pattern.length > 0));
    this.#node = this.#root;
    for (const byte of this.#root.next.keys()) this.#starts[byte] = 1;
  }

  /** Takes the next bytes and gives those whose fate is known. */
  push(bytes: Uint8Array): Buffer {
    if (this.#root.next.size === 0) return Buffer.from(bytes);
    const text = Buffer.concat([this.#held, bytes]);
    const covered = new Uint8Array(text.length);
    covered.set(this.#heldCovered);
    let node = this.#node;
    for (let index = this.#held.length; index < text.length; index++) {
      if (node === this.#root && this.#starts[text[index] as number] === 0) continue;
      node = this.#step(node, text[index] as number);
      if (node.matched > 0) covered.fill(1, index + 1 - node.matched, index + 1);
    }
    this.#node = node;
    const known = text.length - node.depth;
    this.#held = text.subarray(known);
    this.#heldCovered = covered.subarray(known);
    return this.#render(text.subarray(0, known), covered);
  }

  /** Ends the stream and gives what was held back. */
  end(): Buffer {
    const rest = this.#render(this.#held, this.#heldCovered);
    this.#held = Buffer.alloc(0);
    this.#heldCovered = new Uint8Array(0);
    this.#node = this.#root;
    this.#insideMask = false;
    return rest;
  }

  #step(from: Node, byte: number): Node {
    let node: Node | null = from;
    while (node !== null) {
      const next = node.next.get(byte);
      if (next !== undefined) return next;
      node = node.fail;
    }
    return this.#root;
  }

  #render(text: Buffer, covered: Uint8Array): Buffer {
    const parts: Buffer[] = [];
    let start = 0;
    for (let index = 0; index < text.length; ) {
      if (covered[index] === 0) {
        this.#insideMask = false;
        index++;
        continue;
      }
      parts.push(text.subarray(start, index));
      if (!this.#insideMask) parts.push(MASK);
      this.#insideMask = true;
      while (index < text.length && covered[index] === 1) index++;
      start = index;
    }
    parts.push(text.subarray(start));
    return Buffer.concat(parts);
  }
}

function buildAutomaton(patterns: readonly Uint8Array[]): Node {
  const root: Node = { next: new Map(), depth: 0, fail: null, matched: 0 };
  for (const pattern of patterns) {
    let node = root;
    for (const byte of pattern) {
      const next: Node = node.next.get(byte) ?? {
        next: new Map(),
        depth: node.depth + 1,
        fail: root,
        matched: 0,
      };
      node.next.set(byte, next);
      node = next;
    }
    node.matched = pattern.length;
  }
  // Breadth first: the failure link of a node is shorter than the node itself, so it is done before it.
  const queue = [...root.next.values()];
  for (const node of queue) {
    for (const [byte, child] of node.next) {
      let fail = node.fail;
      while (fail !== null && !fail.next.has(byte)) fail = fail.fail;
      child.fail = fail?.next.get(byte) ?? root;
      child.matched = Math.max(child.matched, child.fail.matched);
      queue.push(child);
    }
  }
  return root;
}
