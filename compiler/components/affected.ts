import type { Uncertainty } from "../../schemas/changes.ts";
import type {
  AffectedCause,
  AffectedComponent,
  Component,
  ComponentEdge,
  ComponentGraph,
} from "../../schemas/components.ts";
import { comparePaths } from "../paths.ts";
import type { Causes } from "./causes.ts";
import { readChanges } from "./change-reading.ts";
import { closeOverDependents } from "./closure.ts";
import { plainPlace } from "./late-place.ts";
import type { AffectedInput, AffectedResult, Discovery } from "./model.ts";

/**
 * The components that can behave differently: those whose paths or resolutions changed, what depends
 * on them at head or depended on them at base, and what a doubt adds. Linear in paths, components
 * and edges.
 */
export function affectedComponents(input: AffectedInput): AffectedResult {
  const { head, base, changes, options = {} } = input;
  if (base === null || changes.changed === null) return everythingAffected(head, changes.uncertain);
  const { causes, unowned, diagnostics } = readChanges(head, base, changes.changed, options);
  const here = new Map(head.graph.components.map((component) => [component.root, component]));
  const gone = new Map(
    base.graph.components.flatMap((component) =>
      here.has(component.root) ? [] : [[component.root, component]],
    ),
  );
  addNewComponents(base, here, causes);
  const edges = bothSides(head.graph.edges, base.graph.edges);
  const starts = new Set([...causes.roots(), ...gone.keys()]);
  const distance = closeOverDependents(starts, edges);
  const listed = new Map([...here, ...movedComponents(head, base, gone)]);
  const describe = describer(edges, distance, causes);
  const affected = sorted([...distance.keys()].flatMap((root) => listed.get(root) ?? []));
  const directRoots = causes.directRoots();
  return {
    graph: edges === head.graph.edges ? head.graph : withEdges(head.graph, edges, here),
    direct: affected
      .filter(({ root }) => directRoots.has(root))
      .map((component) => describe(component, false)),
    affected: affected.map((component) => describe(component, true)),
    uncertain: [...fromChangeSet(changes.uncertain, causes, here), ...causes.uncertain(new Set(here.keys()))],
    unowned,
    diagnostics,
  };
}

function everythingAffected(head: Discovery, uncertain: readonly Uncertainty[]): AffectedResult {
  const { components } = head.graph;
  const doubts: readonly Uncertainty[] =
    uncertain.length > 0
      ? uncertain
      : [{ code: "base_missing", detail: "there is nothing to compare with", paths: [], added: ["*"] }];
  const because = doubts.map(({ code, detail }): AffectedCause => ({ cause: "uncertain", code, detail }));
  return {
    graph: head.graph,
    direct: [],
    affected: components.map(({ id, root, kind }) => ({ id, root, kind, because })),
    uncertain: doubts.map((doubt) => ({ ...doubt, added: ["*"] })),
    unowned: [],
    diagnostics: [],
  };
}

/** A component that the base does not have changed, also when a list of globs alone made it one. */
function addNewComponents(base: Discovery, here: ReadonlyMap<string, Component>, causes: Causes): void {
  const direct = causes.directRoots();
  for (const [root, { manifest }] of here) {
    if (base.ownership.has(root) || direct.has(root)) continue;
    causes.path(root, manifest?.file ?? root, "A");
  }
}

/** Removed components that live on in a new folder under the same name: both of them are affected. */
function movedComponents(
  head: Discovery,
  base: Discovery,
  gone: ReadonlyMap<string, Component>,
): [string, Component][] {
  const appeared = new Set(
    head.graph.components.flatMap(({ root, kind }) => {
      const name = head.names.get(root);
      return base.ownership.has(root) || name === undefined ? [] : [`${kind}\0${name}`];
    }),
  );
  return [...gone].filter(([root, { kind }]) => appeared.has(`${kind}\0${base.names.get(root) ?? ""}`));
}

/** Edges of head, then those that only the base has: they tell who depended on what is gone. */
function bothSides(head: readonly ComponentEdge[], base: readonly ComponentEdge[]): readonly ComponentEdge[] {
  if (head === base) return head;
  const keyOf = ({ from, to, kind }: ComponentEdge): string => `${from}\0${to}\0${kind}`;
  const known = new Set(head.map(keyOf));
  return [...head, ...base.filter((edge) => !known.has(keyOf(edge)))];
}

function withEdges(
  { components }: ComponentGraph,
  edges: readonly ComponentEdge[],
  here: ReadonlyMap<string, Component>,
): ComponentGraph {
  return { components, edges: edges.filter(({ from }) => here.has(from)) };
}

function sorted(components: readonly Component[]): Component[] {
  return [...components].sort((a, b) => comparePaths(a.root, b.root));
}

/**
 * Describes components with their causes. A dependency is named when it leads one step nearer to a
 * change, so that a chain of causes always ends.
 */
function describer(
  edges: readonly ComponentEdge[],
  distance: ReadonlyMap<string, number>,
  causes: Causes,
): (component: Component, withDependencies: boolean) => AffectedComponent {
  const nearer = new Map<string, ComponentEdge[]>();
  for (const edge of edges) {
    const far = distance.get(edge.from);
    const next = distance.get(edge.to);
    if (far === undefined || next === undefined || next >= far) continue;
    const known = nearer.get(edge.from);
    if (known === undefined) nearer.set(edge.from, [edge]);
    else known.push(edge);
  }
  return ({ id, root, kind }, withDependencies) => {
    const dependencies = withDependencies ? (nearer.get(root) ?? []) : [];
    const because: AffectedCause[] = [
      ...causes.of(root),
      ...dependencies.map(
        ({ to, kind: edge, place }): AffectedCause => ({
          cause: "dependency",
          on: to,
          edge,
          place: plainPlace(place),
        }),
      ),
    ];
    return { id, root, kind, because };
  };
}

/** Doubts that came with the change set: what each added is known only now. */
function fromChangeSet(
  uncertain: readonly Uncertainty[],
  causes: Causes,
  here: ReadonlyMap<string, Component>,
): Uncertainty[] {
  return uncertain.map((doubt) => {
    const added = [...here.keys()].filter((root) => causes.hasPath(root, doubt.paths));
    return { ...doubt, added: added.sort(comparePaths) };
  });
}
