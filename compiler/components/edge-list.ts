import type { ComponentEdge } from "../../schemas/components.ts";
import type { Unreadable } from "./findings.ts";

/** Edges that one ecosystem has in one commit; twenty thousand packages with fifty dependencies each. */
export const EDGES_MAX = 1_000_000;

/**
 * The edges of one ecosystem. A name that thousands of components share makes as many edges for each of them
 * that asks for it, so they are bounded: what is past the bound is told like a manifest that cannot be read, and
 * then everything counts as affected.
 */
export class EdgeList {
  readonly edges: ComponentEdge[] = [];
  readonly #max: number;
  #pastMax: string | null = null;

  constructor(max = EDGES_MAX) {
    this.#max = max;
  }

  /** True once an edge was left out: none of those that follow is kept. */
  get isFull(): boolean {
    return this.#pastMax !== null;
  }

  /** An edge to each of these components, but to itself. */
  add({ from, kind, place }: Omit<ComponentEdge, "to">, targets: readonly string[]): void {
    for (const to of targets) {
      if (to === from) continue;
      if (this.edges.length >= this.#max) {
        this.#pastMax ??= place?.file ?? from;
        return;
      }
      this.edges.push({ from, to, kind, place });
    }
  }

  /** What was left out. */
  problems(): Unreadable[] {
    const why = `its dependencies and those of the manifests before it are more than ${this.#max} edges between components`;
    return this.#pastMax === null ? [] : [{ path: this.#pastMax, why }];
  }
}
