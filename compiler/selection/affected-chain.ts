import type { AffectedCause, AffectedComponent } from "../../schemas/components.ts";
import type { DependencyHop } from "../../schemas/plan.ts";
import { displayText } from "../diagnostics/quote.ts";
import { unreachable } from "../unreachable.ts";
import { counted, listNames, named } from "./sentence.ts";

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
export function affectedClause(
  component: AffectedComponent,
  chain: AffectedChain,
  index: AffectedIndex,
): string {
  const { hops, cause } = chain;
  const label = (root: string): string => named(index.get(root)?.id ?? root);
  const start = named(component.id);
  const depends = `${start} depends on ${viaClause(hops.map(({ to }) => label(to)))}`;
  const isDirect = hops.length === 0;
  if (cause === null) return isDirect ? `component ${start} is affected` : depends;
  switch (cause.cause) {
    case "path": {
      const change = `${named(cause.path)} ${CHANGE_WORDS[cause.status]}`;
      return isDirect ? `${change} in component ${start}` : `${depends}, where ${change}`;
    }
    case "lockfile": {
      const packages = cause.packages.length === 0 ? "dependencies" : listNames(cause.packages, "and");
      const change = `${named(cause.lockfile)} resolves ${packages} differently`;
      return isDirect ? `${change} for component ${start}` : `${depends}, for which ${change}`;
    }
    case "uncertain":
      return isDirect
        ? `component ${start} may be affected: ${displayText(cause.detail)}`
        : `${depends}, which may be affected: ${displayText(cause.detail)}`;
    default:
      return unreachable(cause);
  }
}

/** Hops that a sentence names one by one; the chain beside it has all of them. */
const HOPS_NAMED_MAX = 2;

function viaClause(names: readonly string[]): string {
  if (names.length <= HOPS_NAMED_MAX) return names.join(", which depends on ");
  const between = names.length - 1;
  return `${names.at(-1)} through ${names[0]} and ${counted(between - 1, "more component")}`;
}

const CHANGE_WORDS = {
  A: "was added",
  M: "changed",
  D: "was deleted",
  R: "was renamed",
  C: "was copied",
  T: "changed its type",
} as const;
