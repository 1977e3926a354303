/** One path while it is held against many globs. Its parts are taken apart once, when the first glob asks. */
export class PathParts {
  readonly path: string;
  /** The last part. */
  readonly name: string;
  #segments: readonly string[] | null = null;
  #distinct: ReadonlySet<string> | null = null;

  constructor(path: string) {
    this.path = path;
    this.name = path.slice(path.lastIndexOf("/") + 1);
  }

  get segments(): readonly string[] {
    this.#segments ??= this.path.split("/");
    return this.#segments;
  }

  /** Each part once. */
  get distinct(): ReadonlySet<string> {
    this.#distinct ??= new Set(this.segments);
    return this.#distinct;
  }
}
