/**
 * The first cycle of a directed graph, beginning at its member that comes first in `nodes`; null when
 * there is none. Linear, without recursion, and the same for the same order of nodes and edges.
 */
export function findCycle(
  nodes: readonly string[],
  edgesOf: (node: string) => readonly string[],
): readonly string[] | null {
  const done = new Set<string>();
  for (const root of nodes) {
    if (done.has(root)) continue;
    const path: string[] = [];
    const onPath = new Set<string>();
    const stack: { readonly node: string; readonly edges: Iterator<string> }[] = [];
    const enter = (node: string) => {
      path.push(node);
      onPath.add(node);
      stack.push({ node, edges: edgesOf(node)[Symbol.iterator]() });
    };
    enter(root);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.edges.next();
      if (next.done) {
        done.add(top.node);
        onPath.delete(top.node);
        path.pop();
        stack.pop();
      } else if (onPath.has(next.value)) {
        return fromFirst(path.slice(path.indexOf(next.value)), nodes);
      } else if (!done.has(next.value)) {
        enter(next.value);
      }
    }
  }
  return null;
}

function fromFirst(cycle: readonly string[], nodes: readonly string[]): readonly string[] {
  const members = new Set(cycle);
  const start = cycle.indexOf(nodes.find((node) => members.has(node)) ?? "");
  return [...cycle.slice(start), ...cycle.slice(0, start)];
}
