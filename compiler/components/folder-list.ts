/**
 * Folders in an order of their reader's choice, to be asked which of them lie below another. A repository may have
 * a hundred thousand workspaces, so none of them looks at all folders.
 */
export class FolderList {
  readonly #place: ReadonlyMap<string, number>;
  readonly #byName: readonly string[];

  constructor(folders: readonly string[]) {
    this.#place = new Map(folders.map((folder, index) => [folder, index]));
    this.#byName = folders.toSorted();
  }

  /** Those below the folder, but not itself, in the order of the list. */
  below(folder: string): string[] {
    if (folder === ".") return this.inOrder(this.#byName.filter((one) => one !== "."));
    // All that begins with `folder/` comes before `folder0`: nothing stands between the two characters.
    const [start, end] = [this.#firstFrom(`${folder}/`), this.#firstFrom(`${folder}0`)];
    return this.inOrder(this.#byName.slice(start, end));
  }

  /** These folders, those of the list alone, in its order. */
  inOrder(folders: readonly string[]): string[] {
    const place = (folder: string): number => this.#place.get(folder) ?? 0;
    return folders.filter((folder) => this.#place.has(folder)).sort((a, b) => place(a) - place(b));
  }

  /** Where the first folder stands that does not come before the text. */
  #firstFrom(text: string): number {
    let [low, high] = [0, this.#byName.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#byName[middle] ?? "") < text) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
