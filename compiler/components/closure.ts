import type { ComponentEdge } from "../../schemas/components.ts";

/** How far each affected component is from a change: 0 for one that changed, one more per dependency. */
export function closeOverDependents(
  starts: Iterable<string>,
  edges: readonly ComponentEdge[],
): Map<string, number> {
  const dependents = new Map<string, string[]>();
  for (const { from, to } of edges) {
    const known = dependents.get(to);
    if (known === undefined) dependents.set(to, [from]);
    else known.push(from);
  }
  const distance = new Map<string, number>();
  for (const root of starts) distance.set(root, 0);
  // A map grows while it is walked, which makes it the queue too.
  for (const [root, far] of distance) {
    for (const dependent of dependents.get(root) ?? []) {
      if (!distance.has(dependent)) distance.set(dependent, far + 1);
    }
  }
  return distance;
}
