import type { Uncertainty, UncertaintyCode } from "../../schemas/changes.ts";
import type { AffectedCause } from "../../schemas/components.ts";
import { comparePaths } from "../paths.ts";

/** Path causes kept per component: more of them explain nothing more, and the change set has them all. */
const PATH_CAUSES_MAX = 20;

type DirectCause = Extract<AffectedCause, { readonly cause: "path" | "lockfile" }>;
type PathCause = Extract<AffectedCause, { readonly cause: "path" }>;

/** What is known so far of why each component is affected. */
export class Causes {
  readonly #paths = new Map<string, Map<string, PathCause>>();
  readonly #lockfiles = new Map<string, DirectCause[]>();
  readonly #doubts = new Map<string, Uncertainty & { readonly roots: Set<string> }>();

  path(root: string, path: string, status: PathCause["status"]): void {
    const known = this.#paths.get(root) ?? new Map<string, PathCause>();
    known.set(path, { cause: "path", path, status });
    this.#paths.set(root, known);
  }

  lockfile(root: string, lockfile: string, packages: readonly string[]): void {
    const known = this.#lockfiles.get(root) ?? [];
    known.push({ cause: "lockfile", lockfile, packages });
    this.#lockfiles.set(root, known);
  }

  /** A doubt that adds these components. Doubts of one code and detail are one. */
  doubt(code: UncertaintyCode, detail: string, paths: readonly string[], roots: Iterable<string>): void {
    const key = `${code}\0${detail}`;
    const known = this.#doubts.get(key);
    const added = known?.roots ?? new Set<string>();
    for (const root of roots) added.add(root);
    this.#doubts.set(key, {
      code,
      detail,
      paths: [...(known?.paths ?? []), ...paths],
      added: [],
      roots: added,
    });
  }

  hasPath(root: string, paths: readonly string[]): boolean {
    return paths.some((path) => this.#paths.get(root)?.has(path) === true);
  }

  /** Components that changed by themselves: by a path or a resolution. */
  directRoots(): Set<string> {
    return new Set([...this.#paths.keys(), ...this.#lockfiles.keys()]);
  }

  /** All of them, with those that a doubt added. */
  roots(): Set<string> {
    const roots = this.directRoots();
    for (const doubt of this.#doubts.values()) for (const root of doubt.roots) roots.add(root);
    return roots;
  }

  /** Causes of one component, apart from dependencies; paths in order, then lockfiles, then doubts. */
  of(root: string): AffectedCause[] {
    const paths = [...(this.#paths.get(root)?.values() ?? [])].sort((a, b) => comparePaths(a.path, b.path));
    const doubts = [...this.#doubts.values()].filter(({ roots }) => roots.has(root));
    return [
      ...paths.slice(0, PATH_CAUSES_MAX),
      ...(this.#lockfiles.get(root) ?? []),
      ...doubts.map(({ code, detail }): AffectedCause => ({ cause: "uncertain", code, detail })),
    ];
  }

  /** The doubts in the order they arose. `["*"]` stands for all of `components`. */
  uncertain(components: ReadonlySet<string>): Uncertainty[] {
    return [...this.#doubts.values()].map(({ code, detail, paths, roots }) => {
      const added = [...roots].filter((root) => components.has(root)).sort(comparePaths);
      const all = components.size > 0 && added.length === components.size;
      return { code, detail, paths: [...paths].sort(comparePaths), added: all ? ["*"] : added };
    });
  }
}
