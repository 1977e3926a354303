import type { AffectedCause, AffectedComponent } from "../../schemas/components.ts";
import type { DependencyHop } from "../../schemas/plan.ts";
import { unreachable } from "../unreachable.ts";
import { named } from "./sentence.ts";

/** Affected components by root and by id. */
export type AffectedIndex = ReadonlyMap<string, AffectedComponent>;

export function indexAffected(affected: readonly AffectedComponent[]): AffectedIndex {
  const index = new Map<string, AffectedComponent>();
  for (const component of affected) index.set(component.id, component);
  for (const component of affected) index.set(component.root, component);
  return index;
}

/** The shortest way from a component to the change that affects it, and that change. */
export interface AffectedChain {
  readonly hops: readonly DependencyHop[];
  readonly origin: AffectedComponent;
  readonly cause: Exclude<AffectedCause, { readonly cause: "dependency" }> | null;
}

export function chainOf(component: AffectedComponent, index: AffectedIndex): AffectedChain {
  const seen = new Set([component.root]);
  let doubtful: AffectedChain | null = null;
  const queue: { readonly at: AffectedComponent; readonly hops: readonly DependencyHop[] }[] = [
    { at: component, hops: [] },
  ];
  for (const { at, hops } of queue) {
    const known = at.because.find(({ cause }) => cause === "path" || cause === "lockfile");
    if (known !== undefined && known.cause !== "dependency") return { hops, origin: at, cause: known };
    const doubt = at.because.find(({ cause }) => cause === "uncertain");
    if (doubt?.cause === "uncertain") doubtful ??= { hops, origin: at, cause: doubt };
    for (const cause of at.because) {
      if (cause.cause !== "dependency" || seen.has(cause.on)) continue;
      seen.add(cause.on);
      const next = index.get(cause.on);
      const hop = { from: at.root, to: cause.on, edge: cause.edge, place: cause.place };
      if (next !== undefined) queue.push({ at: next, hops: [...hops, hop] });
    }
  }
  return doubtful ?? { hops: [], origin: component, cause: null };
}

/** Why the component is affected, in one clause. */
export function affectedClause(component: AffectedComponent, { hops, origin, cause }: AffectedChain): string {
  const via = hops.map(({ to }) => named(to)).join(", which depends on ");
  const depends =
    hops.length === 0
      ? `component ${named(component.id)} is affected`
      : `component ${named(component.id)} depends on ${via}`;
  if (cause === null) return depends;
  const where = hops.length === 0 ? depends : `${depends}, and ${named(origin.id)} is affected`;
  switch (cause.cause) {
    case "path":
      return `${where}: ${named(cause.path)} ${CHANGE_WORDS[cause.status]}`;
    case "lockfile":
      return `${where}: ${named(cause.lockfile)} resolves ${cause.packages.slice(0, 3).map(named).join(", ")} differently`;
    case "uncertain":
      return `${where}: ${cause.detail}`;
    default:
      return unreachable(cause);
  }
}

const CHANGE_WORDS = {
  A: "was added",
  M: "changed",
  D: "was deleted",
  R: "was renamed",
  C: "was copied",
  T: "changed its type",
} as const;
