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

/** Reads the tree objects of one repository, each once, and as many at a time as are known to be wanted. */
export class TreeReader {
  readonly #objects: ObjectReader;
  readonly #place: string;
  readonly #trees = new Map<string, Promise<Buffer>>();
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
    this.#trees.set(id, Promise.resolve(content));
    return id;
  }

  /**
   * Reads a folder and all below it, level by level, and gives what `read` found in the order of paths.
   * null once `most` is exceeded. Throws GitError `too_large` and `corrupt`.
   */
  async walk<Found extends object>(
    top: Omit<Folder<Found>, "parts" | "prefix">,
    most: number,
    read: (folder: Folder<Found>, old: TreeCursor, now: TreeCursor) => Part<Found>[],
  ): Promise<Found[] | null> {
    const root: Folder<Found> = { ...top, prefix: "", parts: [] };
    let [folders, found] = [0, 0];
    let level = [root];
    for (let depth = 0; level.length > 0; depth += 1) {
      folders += level.length;
      if (depth > DEPTH_MAX || folders > FOLDERS_MAX) throw this.#tooLarge("folders");
      const ids = level.flatMap(({ old, new: now }) => [old, now]).filter((id) => id !== null);
      const contents = this.#ask(ids);
      const below: Folder<Found>[] = [];
      let next = 0;
      for (const folder of level) {
        // One by one, so that git reads on while these are looked at.
        const old = cursorOf(folder.old, folder.old === null ? null : await contents[next++]);
        const now = cursorOf(folder.new, folder.new === null ? null : await contents[next++]);
        folder.parts = read(folder, old, now);
        for (const part of folder.parts) {
          if (isFolder(part)) below.push(part);
          else found += 1;
        }
      }
      if (found > most) return null;
      level = below;
    }
    return inOrder(root);
  }

  #ask(ids: readonly string[]): Promise<Buffer>[] {
    const missing = [...new Set(ids)].filter((id) => !this.#trees.has(id));
    const answers = this.#objects.ask(missing);
    missing.forEach((id, index) => {
      const tree = (answers[index] ?? Promise.resolve(null)).then((object) => this.#contentOf(object, id));
      // Whoever waits for it hears of its failure; nobody may be waiting yet.
      tree.catch(() => undefined);
      this.#trees.set(id, tree);
    });
    return ids.map((id) => this.#trees.get(id) ?? Promise.reject(this.#lost(id)));
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

const NOTHING = Buffer.alloc(0);

function cursorOf(id: string | null, content: Buffer | null | undefined): TreeCursor {
  return new TreeCursor(content ?? NOTHING, (id?.length ?? 0) / 2);
}

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
