import type { TreeEntry } from "../../compiler/input.ts";
import { GitError } from "./git-error.ts";
import type { ObjectReader } from "./object-reader.ts";

/** Of one commit. The largest workspaces have 20 MB of manifests and lockfiles; two commits are in memory together. */
const BYTES_MAX = 512 * 1024 * 1024;

/**
 * The contents of one commit's files, of those that are wanted. Each is asked for when its file is met, while other
 * folders are still to come, so that git has them ready once all folders are read. What stands at many paths is
 * read once: a few forged folders can hold one file a million times.
 */
export class CommitContents {
  readonly #objects: ObjectReader;
  readonly #isWanted: (path: string) => boolean;
  readonly #bytesMax: number;
  /** Where each blob stands. */
  readonly #paths = new Map<string, string[]>();
  readonly #contents = new Map<string, Uint8Array>();
  readonly #coming: Promise<void>[] = [];
  #met: string[] = [];
  #bytes = 0;

  constructor(objects: ObjectReader, isWanted: (path: string) => boolean, bytesMax = BYTES_MAX) {
    this.#objects = objects;
    this.#isWanted = isWanted;
    this.#bytesMax = bytesMax;
  }

  meet({ path, blob, mode }: TreeEntry): void {
    if (mode === "160000" || !this.#isWanted(path)) return;
    const paths = this.#paths.get(blob);
    if (paths !== undefined) {
      paths.push(path);
      return;
    }
    this.#paths.set(blob, [path]);
    // Those that are met in one piece of git's answer are one question.
    if (this.#met.length === 0) queueMicrotask(() => this.#ask());
    this.#met.push(blob);
  }

  /**
   * By path, once all have come. A submodule, a lost blob and one that is too large have none. Throws GitError
   * `too_large` when they are more than 512 MiB together.
   */
  async whole(): Promise<Map<string, Uint8Array>> {
    this.#ask();
    await Promise.all(this.#coming);
    const whole = new Map<string, Uint8Array>();
    for (const [blob, paths] of this.#paths) {
      const content = this.#contents.get(blob);
      if (content !== undefined) for (const path of paths) whole.set(path, content);
    }
    return whole;
  }

  #ask(): void {
    const blobs = this.#met;
    if (blobs.length === 0) return;
    this.#met = [];
    const come = this.#objects.readEach(blobs, (object, index) => {
      const content = object?.content ?? null;
      if (content !== null) this.#keep(blobs[index] ?? "", content);
    });
    this.#coming.push(come);
    // Whoever reads the folders meets the same fault first, and may never ask for the whole.
    come.catch(() => undefined);
  }

  #keep(blob: string, content: Uint8Array): void {
    this.#bytes += content.length;
    if (this.#bytes > this.#bytesMax) {
      this.#contents.clear();
      const most = `${this.#bytesMax} bytes`;
      throw new GitError(
        "too_large",
        `configuration, manifests and lockfiles of a commit have more than ${most}`,
      );
    }
    this.#contents.set(blob, content);
  }
}
