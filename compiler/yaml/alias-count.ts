import { EXPANDED_NODES_MAX } from "./limits.ts";

interface OpenFlow {
  /** The anchor that names this collection; null when none does. */
  readonly anchor: string | null;
  readonly before: number;
}

/**
 * Counts what aliases stand for while tokens go by, so that a bomb is refused before it is parsed. Only
 * collections in brackets are measured, and never as larger than they are: what this lets pass is
 * counted exactly when the document is resolved.
 */
export class AliasCount {
  readonly #open: OpenFlow[] = [];
  readonly #sizes = new Map<string, number>();
  #values = 0;
  #expanded = 0;
  #anchor: string | null = null;

  /** True when aliases stand for more values than a document may have. `lexeme` is a token of content. */
  isPastLimit(type: string | null, lexeme: string): boolean {
    const anchor = this.#anchor;
    this.#anchor = type === "anchor" ? lexeme.slice(1) : null;
    if (type === "flow-map-end" || type === "flow-seq-end") this.#close();
    else if (type === "alias") this.#expand(this.#sizes.get(lexeme.slice(1)) ?? 1);
    else if (type === "flow-map-start" || type === "flow-seq-start") {
      this.#open.push({ anchor, before: this.#values });
      this.#values += 1;
    } else if (type === "scalar" || type === "single-quoted-scalar" || type === "double-quoted-scalar") {
      this.#values += 1;
    }
    // An anchor that is written again names something else from here on.
    if (anchor !== null) this.#sizes.delete(anchor);
    return this.#expanded > EXPANDED_NODES_MAX;
  }

  #close(): void {
    const closed = this.#open.pop();
    if (closed?.anchor) this.#sizes.set(closed.anchor, this.#values - closed.before);
  }

  #expand(size: number): void {
    this.#values += size;
    this.#expanded += size;
  }
}
