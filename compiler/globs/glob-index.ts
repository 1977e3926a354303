import type { Glob } from "./glob.ts";
import { type GlobPattern, matchesPattern } from "./pattern.ts";
import { type MatchBudget, matchesSegment } from "./segment.ts";

interface Candidate {
  readonly id: number;
  readonly pattern: GlobPattern;
  /** Segments of the pattern that the walk to its node has already matched. */
  readonly depth: number;
}

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
  readonly byPart: Map<string, Candidate[]>;
  /** By the text from the last dot of the name on. */
  readonly byExtension: Map<string, Candidate[]>;
  readonly others: Candidate[];
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
    const last = pattern.at(-1);
    const part = pattern.slice(depth).findLast((segment) => segment.kind === "literal");
    const candidate = { id, pattern, depth };
    const extension = last?.kind === "affix" ? last.suffix.slice(last.suffix.lastIndexOf(".")) : "";
    if (depth === pattern.length) node.exact.push(id);
    else if (depth === pattern.length - 1 && last?.kind === "globstar") node.subtree.push(id);
    else if (part?.kind === "literal") getOrAdd(node.byPart, part.text, () => []).push(candidate);
    else if (extension.startsWith(".")) getOrAdd(node.byExtension, extension, () => []).push(candidate);
    else node.others.push(candidate);
  }

  /**
   * Ids of the globs that the path fits, ascending. When the budget runs out the answer is short and
   * `budget.left` is negative: whoever asked has to treat every glob as fitting.
   */
  match(path: string, budget: MatchBudget): readonly number[] {
    const found: number[] = [];
    const segments = path.split("/");
    const name = segments.at(-1) ?? "";
    const dot = name.lastIndexOf(".");
    const extension = dot === -1 ? "" : name.slice(dot);
    let node: PrefixNode | undefined = this.#root;
    for (let depth = 0; node !== undefined; depth += 1) {
      for (const id of node.subtree) found.push(id);
      if (node.byPart.size > 0) {
        for (const part of new Set(segments)) tryAll(node.byPart.get(part), segments, budget, found);
      }
      tryAll(node.byExtension.get(extension), segments, budget, found);
      tryAll(node.others, segments, budget, found);
      if (depth === segments.length) {
        for (const id of node.exact) found.push(id);
        break;
      }
      node = node.children.get(segments[depth] ?? "");
    }
    if (found.length < 2) return found;
    // Several alternatives of one glob may fit.
    return found.sort((left, right) => left - right).filter((id, at) => id !== found[at - 1]);
  }
}

function tryAll(
  candidates: readonly Candidate[] | undefined,
  segments: readonly string[],
  budget: MatchBudget,
  found: number[],
): void {
  if (candidates === undefined) return;
  const name = segments.at(-1) ?? "";
  for (const { id, pattern, depth } of candidates) {
    budget.left -= 1;
    const last = pattern.at(-1);
    // The name is the cheapest test that most candidates fail.
    if (last === undefined || !matchesSegment(last, name, budget)) continue;
    const anywhere =
      pattern.length === depth + 2 && pattern[depth]?.kind === "globstar" && depth < segments.length;
    if (anywhere || matchesPattern(pattern, depth, segments, depth, budget)) found.push(id);
  }
}

function emptyNode(): PrefixNode {
  return {
    children: new Map(),
    exact: [],
    subtree: [],
    byPart: new Map(),
    byExtension: new Map(),
    others: [],
  };
}

function getOrAdd<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const made = make();
  map.set(key, made);
  return made;
}
