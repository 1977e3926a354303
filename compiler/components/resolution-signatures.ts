import type { ResolutionGraph, ResolutionLink } from "./findings.ts";

/**
 * Gives every package of a lockfile a number that is equal for two packages exactly when they and all
 * they bring along are the same, also across two lockfiles: so comments, order and where a package
 * manager put a copy do not count. Packages that need each other in a circle are numbered together.
 */
export class ResolutionSignatures {
  readonly #numbers = new Map<string, number>();

  /** Signature of each component of the lockfile, by root. */
  ofImporters(graph: ResolutionGraph): Map<string, number> {
    const nodes = this.#ofNodes(graph);
    const signatures = new Map<string, number>();
    for (const [root, links] of graph.importers) {
      signatures.set(root, this.#number(`importer ${this.#linksText(links, nodes)}`));
    }
    return signatures;
  }

  #ofNodes(graph: ResolutionGraph): readonly number[] {
    const signatures: number[] = Array.from({ length: graph.nodes.length }, () => -1);
    for (const circle of stronglyConnected(graph)) {
      const inside = new Set(circle);
      // What each member is apart from the circle, then how the members hang together.
      const members = new Map(
        circle.map((node) => {
          const { content = "", dependencies = [] } = graph.nodes[node] ?? {};
          const outward = dependencies.filter(({ node: to }) => !inside.has(to));
          return [node, this.#number(JSON.stringify([content, this.#linksText(outward, signatures)]))];
        }),
      );
      const parts = circle.map((node) => {
        const links = graph.nodes[node]?.dependencies.filter(({ node: to }) => inside.has(to)) ?? [];
        const inward = links.map(({ name, node: to }) => `${name}>${members.get(to) ?? -1}`);
        return `${members.get(node) ?? -1} ${inward.sort().join("|")}`;
      });
      const whole = this.#number(`circle ${[...parts].sort().join("\n")}`);
      for (const [index, node] of circle.entries()) {
        signatures[node] = circle.length === 1 ? whole : this.#number(`${whole} ${parts[index] ?? ""}`);
      }
    }
    return signatures;
  }

  #linksText(links: readonly ResolutionLink[], signatures: readonly number[]): string {
    const texts = links.map(({ name, node }) => `${name}>${signatures[node] ?? -1}`);
    return [...new Set(texts)].sort().join("|");
  }

  #number(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}

/** Tarjan's algorithm without recursion; each group comes after every group it leads to. */
function stronglyConnected({ nodes }: ResolutionGraph): number[][] {
  const groups: number[][] = [];
  const order: number[] = Array.from({ length: nodes.length }, () => -1);
  const low: number[] = [...order];
  const onStack = new Uint8Array(nodes.length);
  const stack: number[] = [];
  let counter = 0;
  const enter = (node: number): { node: number; next: number } => {
    order[node] = counter;
    low[node] = counter;
    counter += 1;
    stack.push(node);
    onStack[node] = 1;
    return { node, next: 0 };
  };
  for (let start = 0; start < nodes.length; start += 1) {
    if (order[start] !== -1) continue;
    const work = [enter(start)];
    for (let frame = work.at(-1); frame !== undefined; frame = work.at(-1)) {
      const { node } = frame;
      const to = nodes[node]?.dependencies[frame.next]?.node;
      frame.next += 1;
      if (to === undefined) {
        work.pop();
        const parent = work.at(-1)?.node;
        if (parent !== undefined) low[parent] = Math.min(low[parent] ?? 0, low[node] ?? 0);
        if (low[node] === order[node]) groups.push(popGroup(stack, onStack, node));
      } else if (order[to] === -1) {
        work.push(enter(to));
      } else if (onStack[to] === 1) {
        low[node] = Math.min(low[node] ?? 0, order[to] ?? 0);
      }
    }
  }
  return groups;
}

function popGroup(stack: number[], onStack: Uint8Array, first: number): number[] {
  const group = stack.splice(stack.lastIndexOf(first));
  for (const node of group) onStack[node] = 0;
  return group;
}
