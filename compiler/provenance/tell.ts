import type { Place, Span } from "../../schemas/diagnostic.ts";
import type { JsonScalar } from "../../schemas/plan.ts";
import type { PlaceFinder } from "../diagnostics/index.ts";
import type { Origin, YamlNode } from "../yaml/nodes.ts";
import type { Layer } from "./merged-job.ts";
import type { NameReader } from "./names-read.ts";
import type { Provenance, SetBy, Through } from "./model.ts";
import type { Written } from "./written.ts";

/** One value of the plan, and what is known of who set it. */
export interface Leaf {
  readonly at: readonly (string | number)[];
  readonly pointer: readonly (string | number)[];
  readonly value: Provenance["value"];
  readonly matrix: Readonly<Record<string, JsonScalar>> | null;
}

/** What set a leaf: text in a file, or something that has none. */
export type Cause =
  | { readonly written: Written; readonly note?: string; readonly isKey?: boolean }
  | {
      readonly written: null;
      readonly setBy: SetBy;
      /** Where it is written in a file that is none of the pipeline's. */
      readonly place?: Place;
      readonly note?: string;
    };

/** Turns a leaf and its cause into what people read. */
export class Teller {
  readonly #places: PlaceFinder;
  readonly #textOf: (span: Span) => string;
  readonly #names: NameReader;

  constructor(places: PlaceFinder, textOf: (span: Span) => string, names: NameReader) {
    this.#places = places;
    this.#textOf = textOf;
    this.#names = names;
  }

  tell(
    { at, pointer, value, matrix }: Leaf,
    cause: Cause,
    layerOf: (node: YamlNode) => Layer | null,
  ): Provenance {
    const common = {
      path: at.join("."),
      pointer: jsonPointer(pointer),
      value,
      matrix,
      note: cause.note ?? null,
    };
    if (cause.written === null) {
      return {
        ...common,
        set_by: cause.setBy,
        place: cause.place ?? null,
        text: null,
        included: [],
        through: [],
        reads: [],
      };
    }
    const { node, span } = cause.written;
    const layer = layerOf(node);
    return {
      ...common,
      set_by: "pipeline",
      place: this.#place(span),
      text: this.#textOf(span),
      included: this.#included(originOf(node)),
      through: layer === null ? [] : this.#through(layer),
      reads: node.kind === "scalar" && span === node.span ? this.#names.readBy(node, matrix) : [],
    };
  }

  #place({ file, start }: Span): Place {
    return this.#places.place(file, start);
  }

  #included(origin: Origin | null): readonly Place[] {
    const places: Place[] = [];
    for (let at = origin?.included ?? null; at !== null; at = at.within.included)
      places.push(this.#place(at.span));
    return places;
  }

  #through(layer: Layer): readonly Through[] {
    if (layer.kind !== "template") return [{ kind: layer.kind, name: null, place: this.#place(layer.span) }];
    const through: Through[] = [];
    for (let at = layer.layer; at.use !== null; at = at.use.within)
      through.push({ kind: "template", name: at.template, place: this.#place(at.use.span) });
    return through;
  }
}

/** A map or list belongs to the reading that its first value does; an empty one to none that is known. */
function originOf(node: YamlNode): Origin | null {
  if (node.kind === "scalar") return node.origin;
  const inside = node.kind === "list" ? node.items : Array.from(node.entries.values(), ({ value }) => value);
  for (const one of inside) {
    const origin = originOf(one);
    if (origin !== null) return origin;
  }
  return null;
}

function jsonPointer(steps: readonly (string | number)[]): string {
  return steps.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
