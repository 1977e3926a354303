import { resolveFrom } from "../../paths.ts";
import type { EdgeList } from "../edge-list.ts";
import { append } from "../multimap.ts";
import type { LockLink } from "./lock.ts";
import { UNKNOWN } from "./lock.ts";
import type { PackageDependency, PackageJson } from "./package-json.ts";

/** Specs that always come from outside the repository. */
const OUTSIDE_SPEC = /^(?:git\+|git:|git@|https?:|github:|gitlab:|bitbucket:|gist:|jsr:)/;
const PATH_SPEC = /^(?:link|file|portal|workspace):(\.{1,2}(?:\/.*)?)$/;
const ALIAS_SPEC = /^(?:npm|workspace):((?:@[^/@]+\/)?[^/@]+)@/;

/** Whether a spec may be more than a range of versions. Nearly none is, and the patterns take their time. */
function isMoreThanRange(spec: string): boolean {
  return spec.includes(":") || spec.startsWith("git@");
}

export interface EdgeQuestion {
  readonly packages: readonly PackageJson[];
  /** Every component root of the repository, for specs that name a folder. */
  readonly isComponent: (root: string) => boolean;
  readonly link: (from: string, name: string, spec: string) => LockLink;
}

/**
 * Edges between workspace packages. A path in the manifest says where it leads; otherwise the
 * lockfile does; without a word from it a dependency by a workspace package's name is that package,
 * whatever the range. Peers are followed always. A name that two packages share means both.
 */
export function addPackageEdges({ packages, isComponent, link }: EdgeQuestion, edges: EdgeList): void {
  const byName = new Map<string, string[]>();
  for (const { name, root } of packages) {
    if (name !== null) append(byName, name, root);
  }
  const targets = (from: PackageJson, dependency: PackageDependency): readonly string[] => {
    const { name, spec, kind } = dependency;
    const isMore = isMoreThanRange(spec);
    const path = isMore ? PATH_SPEC.exec(spec)?.[1] : undefined;
    if (path !== undefined) {
      const root = resolveFrom(from.root, path);
      return root !== null && isComponent(root) ? [root] : [];
    }
    if (isMore && OUTSIDE_SPEC.test(spec)) return [];
    const found = kind === "peer" ? UNKNOWN : link(from.root, name, spec);
    if (found.to === "outside") return [];
    // A lockfile older than the last move names a folder that is gone; then the name decides.
    if (found.to === "component" && isComponent(found.root)) return [found.root];
    const alias = isMore ? ALIAS_SPEC.exec(spec)?.[1] : undefined;
    return byName.get(alias ?? name) ?? [];
  };
  for (const from of packages) {
    if (edges.isFull) return;
    for (const dependency of from.dependencies) {
      const { kind, place } = dependency;
      edges.add({ from: from.root, kind, place }, targets(from, dependency));
    }
  }
}
