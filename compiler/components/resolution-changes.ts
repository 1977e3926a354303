import type { Resolution, ResolutionGraph } from "./findings.ts";
import { ResolutionSignatures } from "./resolution-signatures.ts";

/** Changed packages named per component; the rest of a large update says nothing new. */
const PACKAGES_NAMED_MAX = 20;
const EMPTY: ResolutionGraph = { nodes: [], importers: new Map() };

/** Components whose resolved packages differ between two lockfiles, with the packages that do. */
export function changedResolutions(
  base: ResolutionGraph | null,
  head: ResolutionGraph,
): Map<string, readonly string[]> {
  const before = base ?? EMPTY;
  const signatures = new ResolutionSignatures();
  const old = signatures.ofImporters(before);
  const now = signatures.ofImporters(head);
  const nothing = signatures.ofImporters({ nodes: [], importers: new Map([["", []]]) }).get("");
  const differing = [...new Set([...old.keys(), ...now.keys()])].filter(
    (root) => (old.get(root) ?? nothing) !== (now.get(root) ?? nothing),
  );
  const namedOld = new ChangedPackages(before, head);
  const namedNow = new ChangedPackages(head, before);
  return new Map(
    differing.map((root) => {
      const names = new Set([...namedNow.of(root), ...namedOld.of(root)]);
      return [root, [...names].sort().slice(0, PACKAGES_NAMED_MAX)];
    }),
  );
}

/** The packages of one lockfile that the other does not have just so, found from the components. */
class ChangedPackages {
  readonly #graph: ResolutionGraph;
  readonly #changed: readonly boolean[];
  /** Nodes from which a changed one can be reached: the only ones worth walking. */
  readonly #leadsThere: Uint8Array;

  constructor(graph: ResolutionGraph, other: ResolutionGraph) {
    this.#graph = graph;
    const known = new Set(other.nodes.map(({ content }) => content));
    this.#changed = graph.nodes.map(({ content }) => !known.has(content));
    this.#leadsThere = new Uint8Array(graph.nodes.length);
    const dependents: number[][] = graph.nodes.map(() => []);
    for (const [from, { dependencies }] of graph.nodes.entries()) {
      for (const { node } of dependencies) dependents[node]?.push(from);
    }
    const work = [...this.#changed.keys()].filter((node) => this.#changed[node]);
    for (const node of work) this.#leadsThere[node] = 1;
    for (let node = work.pop(); node !== undefined; node = work.pop()) {
      for (const from of dependents[node] ?? []) {
        if (this.#leadsThere[from] === 1) continue;
        this.#leadsThere[from] = 1;
        work.push(from);
      }
    }
  }

  /** Labels of the first few changed packages that a component brings in. */
  of(root: string): Set<string> {
    const labels = new Set<string>();
    const seen = new Set<number>();
    const work = (this.#graph.importers.get(root) ?? []).map(({ node }) => node).reverse();
    for (let node = work.pop(); node !== undefined; node = work.pop()) {
      if (seen.has(node) || this.#leadsThere[node] !== 1) continue;
      seen.add(node);
      if (this.#changed[node] === true) labels.add(this.#graph.nodes[node]?.label ?? "");
      if (labels.size >= PACKAGES_NAMED_MAX) break;
      for (const { node: to } of this.#graph.nodes[node]?.dependencies ?? []) work.push(to);
    }
    return labels;
  }
}

/** What a change of one lockfile means: components by their packages, or a doubt about all of them. */
export type LockfileChange =
  | { readonly kind: "exact"; readonly changed: ReadonlyMap<string, readonly string[]> }
  | { readonly kind: "removed" | "unreadable"; readonly members: readonly string[]; readonly why: string };

export function lockfileChange(base: Resolution | undefined, head: Resolution | undefined): LockfileChange {
  const members = [...new Set([...(base?.members ?? []), ...(head?.members ?? [])])];
  if (head === undefined) return { kind: "removed", members, why: "the lockfile was removed" };
  const unreadable = [head, base].find((side) => side !== undefined && side.graph === null);
  if (head.graph === null || unreadable !== undefined) {
    const where = unreadable === head ? "" : " at the base";
    return { kind: "unreadable", members, why: `${unreadable?.why ?? "it cannot be read"}${where}` };
  }
  return { kind: "exact", changed: changedResolutions(base?.graph ?? null, head.graph) };
}
