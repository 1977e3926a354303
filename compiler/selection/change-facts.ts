import type { ChangeSet, Uncertainty } from "../../schemas/changes.ts";
import type { AffectedResult } from "../components/index.ts";
import {
  type CheckedGlobList,
  type ListIndex,
  mayMatchBelow,
  type MatchBudget,
  PathMatcher,
} from "../globs/index.ts";
import type { TreeSnapshot } from "../input.ts";
import { displayText } from "../diagnostics/quote.ts";
import { comparePaths } from "../paths.ts";
import { type AffectedIndex, indexAffected } from "./affected-chain.ts";
import { type Doubt, pathDoubt } from "./doubt.ts";
import { named } from "./sentence.ts";

/** What changed, ready to be asked by conditions. */
export interface ChangeFacts {
  /** Both sides of a rename, what is ignored left out, in byte order. Empty when `doubt` stands for all. */
  readonly paths: readonly string[];
  /** Why the paths say nothing; every path and component condition then holds. */
  readonly doubt: Doubt | null;
  readonly matcher: PathMatcher;
  readonly affected: AffectedIndex;
  /** Set when manifests could not be read, so that there may be more components than are known. */
  readonly graphDoubt: Doubt | null;
  /** Ids and roots of the components there are. */
  readonly componentNames: ReadonlySet<string>;
  /** A doubt for this list alone: a changed submodule may hold paths that it matches. */
  readonly doubtOf: (list: CheckedGlobList) => Doubt | null;
  /** Doubts that arose here. */
  readonly uncertain: readonly Uncertainty[];
}

export function changeFacts(
  changes: ChangeSet,
  trees: { readonly head: TreeSnapshot; readonly base: TreeSnapshot | null },
  lists: ListIndex,
  isIgnored: (path: string) => boolean,
  affected: AffectedResult,
  budget: MatchBudget,
): ChangeFacts {
  const doubt = pathDoubt(changes);
  const paths = doubt === null ? changedPaths(changes, isIgnored) : [];
  const matcher = new PathMatcher(lists, paths, budget);
  const submodules = paths.filter((path) => isSubmodule(trees.head, path) || isSubmodule(trees.base, path));
  const doubtOf = (list: CheckedGlobList): Doubt | null => {
    const submodule = submodules.find((path) => mayMatchBelow(list, path, budget));
    return submodule === undefined
      ? null
      : {
          code: "submodule_changed",
          because: `the submodule ${named(submodule)} changed, and its files are not known`,
        };
  };
  const known = [...affected.graph.components, ...affected.affected];
  const facts = {
    paths,
    affected: indexAffected(affected.affected),
    componentNames: new Set(known.flatMap(({ id, root }) => [id, root])),
    graphDoubt: graphDoubt(affected.uncertain),
    doubtOf,
  };
  if (!matcher.exhausted) return { ...facts, doubt, matcher, uncertain: [] };
  const detail = "matching the changed paths against the globs of this pipeline would take too long";
  return {
    ...facts,
    doubt: doubt ?? { code: "changes_truncated", because: `everything counts as changed: ${detail}` },
    matcher,
    uncertain: [{ code: "changes_truncated", detail, paths: [], added: ["*"] }],
  };
}

function graphDoubt(uncertain: readonly Uncertainty[]): Doubt | null {
  const raised = uncertain.find(({ code }) => code === "manifest_unreadable" || code === "graph_unknown");
  return raised === undefined ? null : { code: raised.code, because: displayText(raised.detail) };
}

/** In byte order, each once. Both sides of a rename changed; the source of a copy did not. */
export function changedPaths(changes: ChangeSet, isIgnored: (path: string) => boolean): readonly string[] {
  const changed = changes.changed ?? [];
  const sources = changed.flatMap(({ status, old_path: source }) =>
    status === "R" && source !== undefined ? [source] : [],
  );
  // Each of the two is mostly in order already, which one after the other sorts in one pass and interleaved does not.
  const sorted = [...changed.map(({ path }) => path), ...sources].sort(comparePaths);
  return sorted.filter((path, at) => path !== sorted[at - 1] && !isIgnored(path));
}

function isSubmodule(tree: TreeSnapshot | null, path: string): boolean {
  return tree?.entries.get(path)?.mode === "160000";
}
