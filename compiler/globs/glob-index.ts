import type { Glob } from "./glob.ts";
import { NameIndex } from "./name-index.ts";
import { PathParts } from "./path-parts.ts";
import { type GlobPattern, matchesPattern } from "./pattern.ts";
import { type MatchBudget, matchesSegment } from "./segment.ts";

/**
 * One folder of the static prefixes. A path visits the nodes of its own folders and tries there only
 * the candidates whose last part can fit its name.
 */
interface PrefixNode {
  readonly children: Map<string, PrefixNode>;
  /** Globs that the path of this node itself fits. */
  readonly exact: number[];
  /** Globs that everything at or under this node fits. */
  readonly subtree: number[];
  /** By a part that the path must have somewhere below this node. */
  readonly byPart: Map<string, NameIndex>;
  /** Null until there is one, for most nodes have none. */
  others: NameIndex | null;
}

/**
 * Many globs, asked with many paths. Ids are positions in the list given. Negation is not looked at:
 * the answer is which globs a path fits.
 */
export class GlobIndex {
  readonly #root: PrefixNode = emptyNode();

  constructor(globs: readonly Glob[]) {
    for (const [id, glob] of globs.entries()) {
      for (const pattern of glob.patterns) this.#add(id, pattern);
    }
  }

  #add(id: number, pattern: GlobPattern): void {
    let node = this.#root;
    let depth = 0;
    for (const segment of pattern) {
      if (segment.kind !== "literal") break;
      node = getOrAdd(node.children, segment.text, emptyNode);
      depth += 1;
    }
    const part = pattern.slice(depth).findLast((segment) => segment.kind === "literal");
    if (depth === pattern.length) node.exact.push(id);
    else if (depth === pattern.length - 1 && pattern[depth]?.kind === "globstar") node.subtree.push(id);
    else if (part?.kind === "literal") {
      getOrAdd(node.byPart, part.text, () => new NameIndex()).add({ id, pattern, depth });
    } else {
      node.others ??= new NameIndex();
      node.others.add({ id, pattern, depth });
    }
  }

  /**
   * Ids of the globs that the path fits, ascending. When the budget runs out the answer is short and
   * `budget.left` is negative: whoever asked has to treat every glob as fitting.
   */
  match(path: string, budget: MatchBudget): readonly number[] {
    const found: number[] = [];
    const parts = new PathParts(path);
    let node: PrefixNode | undefined = this.#root;
    for (let start = 0; node !== undefined; ) {
      for (const id of node.subtree) found.push(id);
      if (node.byPart.size > 0) {
        for (const part of parts.distinct) tryAll(node.byPart.get(part), parts, budget, found);
      }
      tryAll(node.others, parts, budget, found);
      if (start > path.length) {
        for (const id of node.exact) found.push(id);
        break;
      }
      const slash = path.indexOf("/", start);
      const end = slash === -1 ? path.length : slash;
      node = node.children.size === 0 ? undefined : node.children.get(path.slice(start, end));
      start = end + 1;
    }
    if (found.length < 2) return found;
    // Several alternatives of one glob may fit.
    return found.sort((left, right) => left - right).filter((id, at) => id !== found[at - 1]);
  }
}

function tryAll(
  index: NameIndex | null | undefined,
  parts: PathParts,
  budget: MatchBudget,
  found: number[],
): void {
  for (const candidates of index?.of(parts.name) ?? []) {
    for (const { id, pattern, depth } of candidates) {
      budget.left -= 1;
      const last = pattern.at(-1);
      // The name is the cheapest test that most candidates fail.
      if (last === undefined || !matchesSegment(last, parts.name, budget)) continue;
      const { segments } = parts;
      const anywhere =
        pattern.length === depth + 2 && pattern[depth]?.kind === "globstar" && depth < segments.length;
      if (anywhere || matchesPattern(pattern, depth, segments, depth, budget)) found.push(id);
    }
  }
}

function emptyNode(): PrefixNode {
  return {
    children: new Map(),
    exact: [],
    subtree: [],
    byPart: new Map(),
    others: null,
  };
}

function getOrAdd<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const made = make();
  map.set(key, made);
  return made;
}
