import type { TreeEntry } from "../../compiler/input.ts";
import { GitError } from "./git-error.ts";
import type { ObjectReader } from "./object-reader.ts";

/** Of one commit. The largest workspaces have 20 MB of manifests and lockfiles; two commits are in memory together. */
const BYTES_MAX = 512 * 1024 * 1024;
const ARRIVED_BYTES_MAX = 32 * 1024 * 1024;

/**
 * The contents of one commit's files, of those that are wanted. Each is asked for when its file is met, while other
 * folders are still to come, so that git has them ready once all folders are read. What stands at many paths is
 * read once: a few forged folders can hold one file a million times.
 */
export class CommitContents {
  readonly #objects: ObjectReader;
  readonly #isWanted: (path: string) => boolean;
  readonly #arrived: (file: TreeEntry, content: Uint8Array) => void;
  readonly #bytesMax: number;
  /** Where each blob stands. */
  readonly #files = new Map<string, TreeEntry[]>();
  readonly #contents = new Map<string, Uint8Array>();
  readonly #coming: Promise<void>[] = [];
  #met: string[] = [];
  #bytes = 0;

  /**
   * `arrived` is given each content as it comes, with the first file that has it. No more than 32 MiB are: what is
   * made of forged files may be larger than they are.
   */
  constructor(
    objects: ObjectReader,
    isWanted: (path: string) => boolean,
    arrived: (file: TreeEntry, content: Uint8Array) => void = () => undefined,
    bytesMax = BYTES_MAX,
  ) {
    this.#objects = objects;
    this.#isWanted = isWanted;
    this.#arrived = arrived;
    this.#bytesMax = bytesMax;
  }

  meet(file: TreeEntry): void {
    const { path, blob, mode } = file;
    if (mode === "160000" || !this.#isWanted(path)) return;
    const files = this.#files.get(blob);
    if (files !== undefined) {
      files.push(file);
      return;
    }
    this.#files.set(blob, [file]);
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
    for (const [blob, files] of this.#files) {
      const content = this.#contents.get(blob);
      if (content !== undefined) for (const { path } of files) whole.set(path, content);
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
    const [file] = this.#files.get(blob) ?? [];
    if (file === undefined || this.#bytes > ARRIVED_BYTES_MAX) return;
    this.#arrived(file, content);
  }
}
