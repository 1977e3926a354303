import { Unusable } from "./manifest-text.ts";
import type { ResolutionGraph, ResolutionLink, ResolutionNode } from "./findings.ts";

/** Links of one lockfile; one of 20,000 packages has about 60,000. */
export const LINKS_MAX = 2_000_000;

/** Collects what a lockfile resolves. Links may name nodes that are added later. */
export class ResolutionBuilder<Key> {
  readonly #nodes: { label: string; content: string; dependencies: ResolutionLink[] }[] = [];
  readonly #indexes = new Map<Key, number>();
  readonly #importers = new Map<string, ResolutionLink[]>();

  #links = 0;

  /** The node's number. A second node of one key is the first again. */
  add(key: Key, label: string, content: string): number {
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    this.#nodes.push({ label, content, dependencies: [] });
    this.#indexes.set(key, this.#nodes.length - 1);
    return this.#nodes.length - 1;
  }

  find(key: Key): number | undefined {
    return this.#indexes.get(key);
  }

  link(from: number, name: string, to: number): void {
    this.#count();
    this.#nodes[from]?.dependencies.push({ name, node: to });
  }

  /** Says that the lockfile speaks of a component, even when it asks for nothing. */
  importer(root: string): void {
    if (!this.#importers.has(root)) this.#importers.set(root, []);
  }

  ask(root: string, name: string, to: number): void {
    this.#count();
    this.importer(root);
    this.#importers.get(root)?.push({ name, node: to });
  }

  #count(): void {
    this.#links += 1;
    if (this.#links > LINKS_MAX) throw new Unusable(`it has more than ${LINKS_MAX} dependencies`);
  }

  build(): ResolutionGraph {
    const nodes: readonly ResolutionNode[] = this.#nodes;
    return { nodes, importers: this.#importers };
  }
}
