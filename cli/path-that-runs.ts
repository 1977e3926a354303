import type { CompileInput } from "../compiler/index.ts";

/** Files that stand for more than themselves: named only when nothing ordinary would do. */
const WEIGHTY =
  /(^|\/)(package\.json|[^/]*lock[^/]*|Cargo\.toml|go\.(mod|sum|work)|\.gitmodules|\.delta\/.*)$/i;

/**
 * A path of the head commit whose change, on top of those that are there, runs the job; null when no
 * path does. Halves the paths: as one matching path is enough for every condition on paths, a half
 * that runs the job holds such a path. The path is compiled alone at the end, so an answer is proven.
 */
export function pathThatRuns(
  input: CompileInput,
  runsWith: (input: CompileInput) => string | null,
): { readonly path: string; readonly because: string } | null {
  const { changed } = input.changes;
  if (changed === null) return null;
  const there = new Set(changed.map(({ path }) => path));
  const touched = (paths: readonly string[]): CompileInput => {
    const more = paths.map((path) => ({ status: "M" as const, path }));
    return { ...input, changes: { ...input.changes, changed: [...changed, ...more] } };
  };
  const others = [...input.head.entries.keys()].filter((path) => !there.has(path)).sort(byDepth);
  for (const weighty of [false, true]) {
    let paths = others.filter((path) => WEIGHTY.test(path) === weighty);
    if (paths.length === 0 || runsWith(touched(paths)) === null) continue;
    while (paths.length > 1) {
      const half = paths.slice(0, Math.ceil(paths.length / 2));
      paths = runsWith(touched(half)) === null ? paths.slice(half.length) : half;
    }
    const because = runsWith(touched(paths));
    if (paths[0] !== undefined && because !== null) return { path: paths[0], because };
  }
  return null;
}

/** Shallow paths first: they read best in an answer. */
function byDepth(left: string, right: string): number {
  const depth = left.split("/").length - right.split("/").length;
  return depth !== 0 ? depth : left < right ? -1 : 1;
}
