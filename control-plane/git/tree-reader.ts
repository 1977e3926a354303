import type { GitObject } from "./batch-answers.ts";
import { GitError } from "./git-error.ts";
import type { GitRepository } from "./model.ts";
import type { ObjectReader } from "./object-reader.ts";
import { TreeCursor } from "./raw-tree.ts";

/** Tree objects of one plan. The folders of a million files have about 50 MB. */
const TREE_BYTES_MAX = 512 * 1024 * 1024;
/** A tree can hold itself many times over by one id; no repository has more folders. */
const FOLDERS_MAX = 1_000_000;
/** Git itself goes no deeper. */
const DEPTH_MAX = 2_048;
/** Of all paths found in one walk: a long name may stand in a folder that is held a million times. */
const PATH_CHARACTERS_MAX = 128 * 1024 * 1024;

/** A folder to be read: of one commit, or of two that are compared. What stands on neither side is null. */
export interface Folder<Found> {
  /** Empty, or the folder's path with a slash. */
  readonly prefix: string;
  readonly old: string | null;
  readonly new: string | null;
  /** What was found in it, in the order of paths, with the folders that are read in their turn. */
  parts: readonly (Found | Folder<Found>)[];
}

export type Part<Found> = Found | Folder<Found>;

/** Trees that were asked for and have not all come. */
interface Coming {
  readonly ids: ReadonlySet<string>;
  readonly done: Promise<void>;
}

/** Reads the tree objects of one repository, each once, and as many at a time as are known to be wanted. */
export class TreeReader {
  readonly #objects: ObjectReader;
  readonly #place: string;
  readonly #trees = new Map<string, Buffer>();
  readonly #coming = new Set<Coming>();
  #bytes = 0;

  constructor(repository: GitRepository, objects: ObjectReader) {
    this.#objects = objects;
    this.#place = repository.path;
  }

  /** Id of the top folder of a commit. */
  async top(commit: string): Promise<string> {
    const name = `${commit}^{tree}`;
    const tree = await this.#objects.read(name);
    const content = this.#contentOf(tree, name);
    const { id } = tree ?? { id: name };
    this.#trees.set(id, content);
    return id;
  }

  /**
   * Reads a folder and all below it, level by level, and gives what `read` found in the order of paths.
   * null once `most` is exceeded. Throws GitError `too_large` and `corrupt`.
   */
  async walk<Found extends { readonly path: string }>(
    top: Omit<Folder<Found>, "parts" | "prefix">,
    most: number,
    read: (folder: Folder<Found>, old: TreeCursor, now: TreeCursor) => Part<Found>[],
  ): Promise<Found[] | null> {
    const root: Folder<Found> = { ...top, prefix: "", parts: [] };
    let [folders, found, characters] = [1, 0, 0];
    let level = [root];
    for (let depth = 0; level.length > 0; depth += 1) {
      if (depth > DEPTH_MAX) throw this.#tooLarge("folders within folders");
      const below: Folder<Found>[] = [];
      // Counted folder by folder: by the end of a level they may be more than memory holds.
      await this.#readLevel(level, (folder, old, now) => {
        if (found > most) return [];
        const parts = read(folder, old, now);
        for (const part of parts) {
          if (isFolder(part)) below.push(part);
          else found += 1;
          characters += isFolder(part) ? part.prefix.length : part.path.length;
        }
        if (folders + below.length > FOLDERS_MAX) throw this.#tooLarge("folders");
        if (characters > PATH_CHARACTERS_MAX) throw this.#tooLarge("characters in its paths");
        return parts;
      });
      if (found > most) return null;
      folders += below.length;
      level = below;
    }
    return inOrder(root);
  }

  /** In order, each folder as soon as its trees are here: git reads on while they are looked at. */
  async #readLevel<Found extends object>(
    level: readonly Folder<Found>[],
    read: (folder: Folder<Found>, old: TreeCursor, now: TreeCursor) => Part<Found>[],
  ): Promise<void> {
    let next = 0;
    const readOn = (): void => {
      for (let folder = level[next]; folder !== undefined; folder = level[next]) {
        const [old, now] = [this.#cursorOf(folder.old), this.#cursorOf(folder.new)];
        if (old === null || now === null) return;
        folder.parts = read(folder, old, now);
        next += 1;
      }
    };
    await this.#load(
      level.flatMap(({ old, new: now }) => [old, now]).filter((id) => id !== null),
      readOn,
    );
    readOn();
  }

  /** Until every one of these trees is here. */
  async #load(ids: readonly string[], onTree: () => void): Promise<void> {
    const others = [...this.#coming].filter((coming) => ids.some((id) => coming.ids.has(id)));
    const missing = new Set(
      ids.filter((id) => !this.#trees.has(id) && !others.some((one) => one.ids.has(id))),
    );
    const names = [...missing];
    const take = (tree: GitObject | null, index: number): void => {
      const name = names[index] ?? "";
      this.#trees.set(name, this.#contentOf(tree, name));
      onTree();
    };
    const coming = { ids: missing, done: this.#objects.readEach(names, take) };
    this.#coming.add(coming);
    await Promise.all([coming, ...others].map(({ done }) => done)).finally(() => this.#coming.delete(coming));
  }

  /** null while the tree is not here. */
  #cursorOf(id: string | null): TreeCursor | null {
    if (id === null) return NOTHING;
    const tree = this.#trees.get(id);
    return tree === undefined ? null : new TreeCursor(tree, id.length / 2);
  }

  #contentOf(tree: GitObject | null, name: string): Buffer {
    if (tree?.type !== "tree") throw this.#lost(name);
    this.#bytes += tree.content?.length ?? TREE_BYTES_MAX;
    if (tree.content === null || this.#bytes > TREE_BYTES_MAX) throw this.#tooLarge("files");
    return tree.content;
  }

  #lost(name: string): GitError {
    return new GitError("corrupt", `the tree ${name} cannot be read in ${this.#place}`);
  }

  #tooLarge(what: string): GitError {
    return new GitError("too_large", `a commit of ${this.#place} has more ${what} than can be read`);
  }
}

/** What stands for a folder where there is none. It is at its end, and stays there. */
const NOTHING = new TreeCursor(Buffer.alloc(0), 0);

function isFolder<Found extends object>(part: Part<Found>): part is Folder<Found> {
  return "parts" in part;
}

/** Without recursion, for folders may be nested deeper than calls. */
function inOrder<Found extends object>(root: Folder<Found>): Found[] {
  const found: Found[] = [];
  const open = [{ parts: root.parts, at: 0 }];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const part = top.parts[top.at++];
    if (part === undefined) open.pop();
    else if (isFolder(part)) open.push({ parts: part.parts, at: 0 });
    else found.push(part);
  }
  return found;
}
