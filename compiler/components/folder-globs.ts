import { GlobIndex, isGlobProblem, type Glob, type MatchBudget, parseGlob } from "../globs/index.ts";

/** Compared characters for the globs of one workspace; only crafted ones come near it. */
const MATCH_WORK_MAX = 20_000_000;
/** Globs of one workspace; the largest lists in use have about a hundred. */
const GLOBS_MAX = 1_000;

/**
 * Which folders a workspace's list of globs names, as package managers have it: a folder belongs when
 * one glob fits it and none with `!` does, whatever their order.
 */
export class FolderGlobs {
  readonly #problems: string[] = [];
  readonly #globs: Glob[] = [];
  readonly #index: GlobIndex;
  readonly #budget: MatchBudget = { left: MATCH_WORK_MAX };
  #holdsItself = false;

  constructor(globs: readonly string[]) {
    if (globs.length > GLOBS_MAX)
      this.#problems.push(`it lists ${globs.length} globs; ${GLOBS_MAX} are read`);
    for (const written of globs.slice(0, GLOBS_MAX)) this.#add(written);
    this.#index = new GlobIndex(this.#globs);
  }

  #add(written: string): void {
    const text = written.replace(/^(!?)(?:\.\/)+/, "$1").replace(/\/+$/, "");
    if (text === "" || text === ".") {
      this.#holdsItself = true;
      return;
    }
    const glob = parseGlob(text);
    if (isGlobProblem(glob))
      this.#problems.push(`the glob ${JSON.stringify(written)} cannot be used: ${glob.detail}`);
    else this.#globs.push(glob);
  }

  /** Whether a folder, told from the folder that holds the list, belongs to it. */
  admits(folder: string): boolean {
    if (folder === ".") return this.#holdsItself;
    let admitted = false;
    for (const id of this.#index.match(folder, this.#budget)) {
      if (this.#globs[id]?.negated === true) return false;
      admitted = true;
    }
    return admitted;
  }

  /** Once all folders were asked about: what is wrong with the list, and whether the answers are worth something. */
  problems(): readonly string[] {
    return this.#budget.left < 0
      ? [...this.#problems, "its list of workspace folders takes too long to match"]
      : this.#problems;
  }
}
