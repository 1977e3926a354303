import { expect, test } from "vitest";
import type { PlacementFailure } from "../../nomad/api-types.ts";
import { placementWords } from "../../nomad/placement-words.ts";

const failure = (changes: Partial<PlacementFailure>): PlacementFailure => ({
  NodesEvaluated: 3,
  NodesFiltered: 0,
  NodesInPool: 3,
  NodePool: "ci",
  NodesExhausted: 0,
  ...changes,
});

test.each<readonly [Partial<PlacementFailure>, string]>([
  [{ NodesInPool: 0, NodesEvaluated: 0 }, 'not placed: node pool "ci" has no node that takes work now'],
  [
    { NodesExhausted: 3, DimensionExhausted: { cpu: 1, memory: 2 } },
    'not placed: 3 nodes of node pool "ci" fully used: too little memory on 2 nodes, cpu on 1 node; it starts when room appears',
  ],
  [
    { NodesFiltered: 3, ConstraintFiltered: { "missing drivers": 2, "${attr.cpu.arch} = arm64": 1 } },
    'not placed: no node of node pool "ci" fits (missing drivers on 2 nodes, ${attr.cpu.arch} = arm64 on 1 node)',
  ],
  [{ QuotaExhausted: ["memory"] }, "not placed: the namespace's quota is used up (memory)"],
  [{ NodesEvaluated: 0 }, 'not placed: node pool "ci" has no node that takes work now'],
  [
    { NodesFiltered: 9, ConstraintFiltered: { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 } },
    'not placed: no node of node pool "ci" fits (a on 1 node, b on 1 node, c on 1 node, d on 1 node and 2 more)',
  ],
])("%j", (changes, words) => {
  expect(placementWords(failure(changes))).toBe(words);
});
