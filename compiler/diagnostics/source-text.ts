import type { Place } from "../../schemas/diagnostic.ts";

/** The text of a configuration file as offsets count it, or null when there is none to show. */
export type SourceTexts = (file: string) => string | null;

/**
 * Lines of one text. Offsets and columns are UTF-16 code units; lines and columns count from 1.
 * A byte order mark keeps its offset but no column, as editors have it.
 */
export class LineIndex {
  readonly #text: string;
  readonly #starts: readonly number[];

  constructor(text: string) {
    this.#text = text;
    const starts = [text.startsWith("\ufeff") ? 1 : 0];
    for (const lineBreak of text.matchAll(/\r\n|\n|\r/g)) starts.push(lineBreak.index + lineBreak[0].length);
    this.#starts = starts;
  }

  get lineCount(): number {
    return this.#starts.length;
  }

  /** Offsets outside the text count as its nearest end. */
  position(offset: number): { readonly line: number; readonly column: number } {
    const bounded = Math.min(offset, this.#text.length);
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= bounded) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: Math.max(0, bounded - (this.#starts[low] ?? 0)) + 1 };
  }

  /** The other way round. A place outside the text counts as its nearest end. */
  offset(line: number, column: number): number {
    return Math.min((this.#starts[line - 1] ?? this.#text.length) + column - 1, this.#text.length);
  }

  /** The line's text without its break. */
  lineText(line: number): string {
    const start = this.#starts[line - 1] ?? this.#text.length;
    const end = this.#starts[line] ?? this.#text.length;
    return this.#text.slice(start, end).replace(/(?:\r\n|\n|\r)$/, "");
  }
}

/** Finds places, each once; a file's lines are counted when first asked for. */
export class PlaceFinder {
  readonly #sources: SourceTexts;
  readonly #indexes = new Map<string, LineIndex | null>();
  readonly #places = new Map<string, Map<number, Place>>();

  constructor(sources: SourceTexts) {
    this.#sources = sources;
  }

  lines(file: string): LineIndex | null {
    const known = this.#indexes.get(file);
    if (known !== undefined) return known;
    const text = this.#sources(file);
    const index = text === null ? null : new LineIndex(text);
    this.#indexes.set(file, index);
    return index;
  }

  /** Line 1, column 1 when the file's text is not at hand. */
  place(file: string, offset: number): Place {
    let ofFile = this.#places.get(file);
    const known = ofFile?.get(offset);
    if (known !== undefined) return known;
    if (ofFile === undefined) {
      ofFile = new Map<number, Place>();
      this.#places.set(file, ofFile);
    }
    const { line, column } = this.lines(file)?.position(offset) ?? { line: 1, column: 1 };
    const place = { file, line, column };
    ofFile.set(offset, place);
    return place;
  }
}

/** Texts of a snapshot's contents, for offsets and frames. Bytes that are not UTF-8 show as U+FFFD. */
export function textsOf(contents: ReadonlyMap<string, Uint8Array>): SourceTexts {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return (file) => {
    const bytes = contents.get(file);
    return bytes === undefined ? null : decoder.decode(bytes);
  };
}
