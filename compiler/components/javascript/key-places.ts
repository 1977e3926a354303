import type { Place } from "../../../schemas/diagnostic.ts";
import { LinePlaces } from "../manifest-text.ts";
import { findJsonKeys } from "./json-keys.ts";

/**
 * Where the keys in the first two levels of a JSON manifest stand. They are looked for, all at once, when the first of
 * them is asked for: of the thousands of manifests of a workspace a plan shows the lines of few.
 */
export class KeyPlaces {
  readonly file: string;
  /** null once the places are known. */
  #text: string | null;
  #places: ReadonlyMap<string, Place> = new Map();

  constructor(file: string, text: string) {
    this.file = file;
    this.#text = text;
  }

  /** Of a key, or of `section\0key`; the start of the manifest where it has none. */
  of(key: string): Place {
    if (this.#text !== null) {
      this.#places = placesIn(this.file, this.#text);
      this.#text = null;
    }
    return this.#places.get(key) ?? { file: this.file, line: 1, column: 1 };
  }
}

function placesIn(file: string, text: string): ReadonlyMap<string, Place> {
  const lines = new LinePlaces(file, text);
  // In rising order, in which the text is gone through once.
  const offsets = [...findJsonKeys(text)].sort(([, one], [, other]) => one - other);
  return new Map(offsets.map(([key, offset]) => [key, lines.at(offset)]));
}
