import type { Component, ComponentEdge, ComponentKind } from "../../schemas/components.ts";
import type { Diagnostic } from "../../schemas/diagnostic.ts";
import type { TreeSnapshot } from "../input.ts";
import { comparePaths } from "../paths.ts";
import { ambiguousNames, unreadableManifests } from "./component-diagnostics.ts";
import { declaredFindings } from "./declared.ts";
import { discoverCargo } from "./cargo/discover.ts";
import { type Findings, type FoundComponent, noFindings, type Ownership } from "./findings.ts";
import { discoverGo } from "./go/discover.ts";
import { discoverJavaScript } from "./javascript/discover.ts";
import { discoverMaven } from "./maven/discover.ts";
import { type Ecosystem, manifestsByName } from "./manifest-names.ts";
import type { DiscoverKind, DiscoverOptions, Discovery } from "./model.ts";
import { discoverPython } from "./python/discover.ts";

export { isManifest } from "./manifest-names.ts";

/** Which kind a folder with several manifests is called by. A script's `package.json` beside a crate is the lesser one. */
const KIND_ORDER: readonly ComponentKind[] = [
  "declared",
  "cargo",
  "go",
  "maven",
  "python",
  "pnpm",
  "yarn",
  "npm",
];

const ECOSYSTEM_OF = {
  npm: "javascript",
  pnpm: "javascript",
  yarn: "javascript",
  cargo: "cargo",
  go: "go",
  maven: "maven",
  python: "python",
} as const satisfies Record<DiscoverKind, Ecosystem>;

/**
 * The components of one commit, of every ecosystem in one graph. Never throws for what the repository
 * holds: a manifest that cannot be read is noted and widens what it could have said.
 */
export function discoverComponents(snapshot: TreeSnapshot, options: DiscoverOptions = {}): Discovery {
  const paths = manifestsByName(snapshot.entries.keys());
  const { discover = null, declared = [] } = options;
  const asked = new Set<Ecosystem>(
    discover?.map((kind) => ECOSYSTEM_OF[kind]) ?? Object.values(ECOSYSTEM_OF),
  );
  const named = (...names: string[]): string[] => names.flatMap((name) => paths.get(name) ?? []);
  const findings = merge([
    asked.has("javascript")
      ? discoverJavaScript(snapshot, named("package.json", "pnpm-workspace.yaml"))
      : noFindings(),
    asked.has("cargo") ? discoverCargo(snapshot, named("Cargo.toml")) : noFindings(),
    asked.has("maven") ? discoverMaven(snapshot, named("pom.xml")) : noFindings(),
    asked.has("python") ? discoverPython(snapshot, named("pyproject.toml")) : noFindings(),
    asked.has("go") ? discoverGo(snapshot, named("go.mod"), named("go.work")) : noFindings(),
  ]);
  const mine = declaredFindings(snapshot, declared, findings.components);
  return toDiscovery(merge([mine.findings, findings]), options, [
    ...mine.diagnostics,
    ...ambiguousNames(snapshot, findings.components),
    ...unreadableManifests(findings.unreadable),
  ]);
}

function merge(all: readonly Findings[]): Findings {
  return {
    components: all.flatMap(({ components }) => components),
    edges: all.flatMap(({ edges }) => edges),
    governors: all.flatMap(({ governors }) => governors),
    resolutions: all.flatMap(({ resolutions }) => resolutions),
    unreadable: all.flatMap(({ unreadable }) => unreadable),
  };
}

function toDiscovery(findings: Findings, options: DiscoverOptions, diagnostics: Diagnostic[]): Discovery {
  const byRoot = new Map<string, FoundComponent>();
  const ownership = new Map<string, Ownership>();
  const manifests = new Map<string, string>();
  for (const found of findings.components) {
    const known = byRoot.get(found.root);
    if (known === undefined || rank(found) < rank(known)) byRoot.set(found.root, found);
    if (ownership.get(found.root) !== "folder") ownership.set(found.root, found.ownership);
    if (found.kind !== "declared") manifests.set(found.manifest.file, found.root);
  }
  const primary = [...byRoot.values()].sort((a, b) => comparePaths(a.root, b.root));
  const uses = new Map<string, number>();
  const names = new Map<string, string>();
  for (const { root, name } of primary) {
    if (name === null) continue;
    uses.set(name, (uses.get(name) ?? 0) + 1);
    names.set(root, name);
  }
  return {
    graph: {
      components: primary.map((found) => toComponent(found, uses)),
      edges: sortedEdges(findings.edges),
    },
    ownership,
    manifests,
    names,
    declared: options.declared ?? [],
    governors: new Map(findings.governors.map((governor) => [governor.path, governor])),
    resolutions: new Map(findings.resolutions.map((resolution) => [resolution.path, resolution])),
    unreadable: findings.unreadable,
    diagnostics,
  };
}

function rank({ kind }: FoundComponent): number {
  return KIND_ORDER.indexOf(kind);
}

function toComponent(
  { root, name, kind, manifest }: FoundComponent,
  uses: ReadonlyMap<string, number>,
): Component {
  const id = name !== null && uses.get(name) === 1 ? name : root;
  return { id, root, kind, manifest };
}

/** Sorted, each (from, to, kind) once: the first place that says it is kept. */
function sortedEdges(edges: readonly ComponentEdge[]): ComponentEdge[] {
  const sorted = edges.toSorted(compareEdges);
  return sorted.filter((edge, index) => {
    const previous = sorted[index - 1];
    return previous?.from !== edge.from || previous.to !== edge.to || previous.kind !== edge.kind;
  });
}

function compareEdges(a: ComponentEdge, b: ComponentEdge): number {
  const byPath = comparePaths(a.from, b.from) || comparePaths(a.to, b.to);
  if (byPath !== 0 || a.kind === b.kind) return byPath;
  return a.kind < b.kind ? -1 : 1;
}
