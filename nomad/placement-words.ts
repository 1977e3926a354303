import type { PlacementFailure } from "./api-types.ts";

/** More kinds of obstacles than these in one sentence tell a reader nothing. */
const OBSTACLES_MAX = 4;

/**
 * Why Nomad found no place, in one sentence for the person who waits: an empty pool and unfit nodes
 * need an operator; full nodes only need time, and the sentence says so.
 */
export function placementWords(failure: PlacementFailure): string {
  const pool = failure.NodePool ? `node pool "${failure.NodePool}"` : "the node pool";
  const quotas = failure.QuotaExhausted ?? [];
  if (quotas.length > 0) return `not placed: the namespace's quota is used up (${list(quotas)})`;
  // Nomad does not count nodes that are drained or down: none may exist, or none take work.
  if (failure.NodesInPool === 0) return `not placed: ${pool} has no node that takes work now`;
  if (failure.NodesExhausted > 0) {
    const dimensions = countsInWords(failure.DimensionExhausted);
    const what = dimensions === "" ? "" : `: too little ${dimensions}`;
    return `not placed: ${nodes(failure.NodesExhausted)} of ${pool} fully used${what}; it starts when room appears`;
  }
  const reasons = countsInWords(failure.ConstraintFiltered) || countsInWords(failure.ClassFiltered);
  if (failure.NodesFiltered > 0) {
    return `not placed: no node of ${pool} fits${reasons === "" ? "" : ` (${reasons})`}`;
  }
  if (failure.NodesEvaluated === 0) return `not placed: ${pool} has no node that takes work now`;
  return `not placed: Nomad found no node in ${pool}`;
}

function nodes(count: number): string {
  return count === 1 ? "1 node" : `${count} nodes`;
}

/** `memory on 3 nodes, cpu on 1 node`, the most frequent first, then by name. */
function countsInWords(counts: Readonly<Record<string, number>> | null | undefined): string {
  const entries = Object.entries(counts ?? {}).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return list(entries.map(([name, count]) => `${name} on ${nodes(count)}`));
}

function list(words: readonly string[]): string {
  const shown = words.slice(0, OBSTACLES_MAX).join(", ");
  return words.length > OBSTACLES_MAX ? `${shown} and ${words.length - OBSTACLES_MAX} more` : shown;
}
