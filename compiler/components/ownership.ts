import { pathTest } from "../globs/index.ts";
import { folderOf } from "../paths.ts";
import type { Discovery, GlobCompiler } from "./model.ts";

/** Compared characters for the globs of declared components, where the caller brings no limit of its own. */
const MATCH_WORK_MAX = 20_000_000;

interface DeclaredPaths {
  readonly root: string;
  readonly isInput: (path: string) => boolean;
  readonly isOutput: (path: string) => boolean;
}

/** Which components of one commit a path belongs to. */
export class Owners {
  readonly #discovery: Discovery;
  readonly #byFolder = new Map<string, string | null>();
  readonly #declared: readonly DeclaredPaths[];

  constructor(discovery: Discovery, compileGlobs?: GlobCompiler) {
    const budget = { left: MATCH_WORK_MAX };
    const compile: GlobCompiler = compileGlobs ?? ((globs) => pathTest(globs, budget));
    this.#discovery = discovery;
    this.#declared = discovery.declared
      .filter(({ inputs, outputs }) => inputs.length + outputs.length > 0)
      .map(({ root, inputs, outputs }) => {
        // Past the work limit a test answers true. Asked this way round, no path is then left out as generated.
        const counts = compile(["**", ...outputs.map((glob) => `!${glob}`)]);
        const isInput = inputs.length === 0 ? () => false : compile(inputs);
        return { root, isInput, isOutput: (path) => !counts(path) };
      });
  }

  /**
   * Roots that the path belongs to: the deepest component around it and those that name it as an
   * input. Without one among them that counts it, `generated` says that it is someone's output.
   */
  of(path: string): { readonly roots: ReadonlySet<string>; readonly generated: boolean } {
    const { manifests, ownership } = this.#discovery;
    const roots = new Set<string>();
    const owner = manifests.get(path) ?? this.#around(folderOf(path));
    if (owner !== null) roots.add(owner);
    // A submodule or a link can stand where a component's folder was.
    if (ownership.has(path)) roots.add(path);
    let generated = false;
    for (const { root, isInput, isOutput } of this.#declared) {
      if (isInput(path)) roots.add(root);
      if (roots.has(root) && isOutput(path)) generated = roots.delete(root);
    }
    return { roots, generated };
  }

  #around(folder: string): string | null {
    const known = this.#byFolder.get(folder);
    if (known !== undefined) return known;
    const owns = this.#discovery.ownership.get(folder) === "folder";
    const owner = owns ? folder : folder === "." ? null : this.#around(folderOf(folder));
    this.#byFolder.set(folder, owner);
    return owner;
  }
}
