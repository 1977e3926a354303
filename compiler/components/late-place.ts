import type { Place } from "../../schemas/diagnostic.ts";

/**
 * A place whose line is looked for when it is asked for. It reads like any place and is one as JSON; but its fields are
 * not its own, so what goes into a plan or a report is `plainPlace` of it.
 */
export class LatePlace implements Place {
  readonly #places: { readonly file: string; of(key: string): Place };
  readonly #key: string;

  constructor(places: { readonly file: string; of(key: string): Place }, key: string) {
    this.#places = places;
    this.#key = key;
  }

  get file(): string {
    return this.#places.file;
  }

  get line(): number {
    return this.toJSON().line;
  }

  get column(): number {
    return this.toJSON().column;
  }

  toJSON(): Place {
    return this.#places.of(this.#key);
  }
}

export function plainPlace(place: Place): Place;
export function plainPlace(place: Place | null): Place | null;
export function plainPlace(place: Place | null): Place | null {
  return place instanceof LatePlace ? place.toJSON() : place;
}
