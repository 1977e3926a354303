import type { Place, Span } from "../../schemas/diagnostic.ts";
import type { PlaceFinder } from "../diagnostics/index.ts";
import { entryOf, writtenText } from "../language/read.ts";
import type { YamlEntry, YamlMap, YamlNode } from "../yaml/nodes.ts";

/**
 * What stands in the files for one part of a plan: a value, or only a key (when the key itself is what was
 * said). `node` is what tells the layer and the include chain.
 */
export interface Written {
  readonly node: YamlNode;
  readonly span: Span;
  /** The entry whose value it is, where the plan may name its key. */
  readonly entry?: YamlEntry;
}

/** A plan counts in one unit; the language writes the unit with the number. */
const UNIT = /_(?:ms|bytes|millis)$/;

/** Names of the plan that the language calls otherwise. */
const LANGUAGE_NAMES: Readonly<Record<string, readonly string[]>> = {
  paths: ["path"],
  audiences: ["aud", "audience"],
  labels: ["label"],
};

/** What a value says that is written in place of a map: `runner: fast` names the pool. */
const SHORT_FORMS: Readonly<Record<string, string>> = {
  runner: "pool",
  retry: "max",
  environment: "name",
  concurrency: "group",
  network: "egress",
  steps: "run",
  needs: "job",
  services: "image",
  ready: "command",
  caches: "paths",
  artifacts: "paths",
  secrets: "secret",
  id_tokens: "audiences",
};

/** Names that the language writes as keys; in a list of texts, the text is the name as well. */
const KEY_NAMES: Readonly<Record<string, string>> = {
  services: "name",
  secrets: "variable",
  id_tokens: "variable",
  late: "variable",
};

export function valueOfEntry(entry: YamlEntry): Written {
  return { node: entry.value, span: entry.value.span, entry };
}

export function keyOfEntry({ keySpan, value }: YamlEntry): Written {
  return { node: value, span: keySpan };
}

/** The entry of a map that a field of the plan is called after. */
export function entryFor(map: YamlMap | null, field: string): YamlEntry | null {
  const names = [field, field.replace(UNIT, ""), ...(LANGUAGE_NAMES[field] ?? [])];
  for (const name of names) {
    const entry = entryOf(map, name);
    if (entry !== null) return entry;
  }
  return null;
}

/** What wrote a field of an object that is written as `whole`. `kind` is the plan's name for such objects. */
export function fieldOf({ node, span, entry }: Written, kind: string, field: string): Written | null {
  const own = node.kind === "map" ? entryFor(node, field) : null;
  if (own !== null) return valueOfEntry(own);
  const isName = KEY_NAMES[kind] === field;
  if (isName && entry !== undefined) return keyOfEntry(entry);
  return node.kind !== "map" && (isName || SHORT_FORMS[kind] === field) ? { node, span } : null;
}

/** What wrote an item of a list in the plan: by its place, else by its text, else by its position. */
export class ItemFinder {
  readonly #places: PlaceFinder;

  constructor(places: PlaceFinder) {
    this.#places = places;
  }

  itemOf(node: YamlNode, list: readonly unknown[], index: number): Written | null {
    const item = list[index];
    if (node.kind === "scalar") return { node, span: node.span };
    const place = placeOf(item);
    if (node.kind === "map") {
      const entries = [...node.entries.values()];
      const entry = entries.find(({ key, keySpan, value }) =>
        place === null ? key === item : this.#holds(keySpan, place) || this.#holds(value.span, place),
      );
      return entry === undefined ? null : place === null ? keyOfEntry(entry) : valueOfEntry(entry);
    }
    const found =
      place === null
        ? itemWithText(node.items, list, index)
        : node.items.find(({ span }) => this.#holds(span, place));
    return found === undefined ? null : { node: found, span: found.span };
  }

  #holds({ file, start, end }: Span, place: Place): boolean {
    if (file !== place.file) return false;
    return (
      comparePlaces(this.#places.place(file, start), place) <= 0 &&
      comparePlaces(place, this.#places.place(file, end)) <= 0
    );
  }
}

function placeOf(item: unknown): Place | null {
  return typeof item === "object" && item !== null && "place" in item ? (item.place as Place) : null;
}

/** A plan may sort a list, or leave some of it out; text that is worked out is found where nothing moved. */
function itemWithText(
  items: readonly YamlNode[],
  list: readonly unknown[],
  index: number,
): YamlNode | undefined {
  const item = list[index];
  const says = (node: YamlNode | undefined): boolean =>
    node?.kind === "scalar" && (node.value === item || writtenText(node) === String(item));
  const here = items[index];
  const isWorkedOut = here?.kind === "scalar" && here.source.includes("${{") && items.length === list.length;
  return isWorkedOut || says(here) ? here : (items.find(says) ?? here);
}

function comparePlaces(a: Place, b: Place): number {
  return a.line - b.line || a.column - b.column;
}
