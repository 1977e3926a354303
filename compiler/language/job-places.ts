import type { Span } from "../../schemas/diagnostic.ts";
import type { YamlMap } from "../yaml/nodes.ts";
import { entryOf, mapOf } from "./read.ts";

/** Keys of a job that a policy may refuse. */
const KEYS = ["timeout", "queue_timeout", "retry", "image", "runner", "resources", "network", "services"];

/** Where a job says what policies are about, templates and defaults applied: by key, and by `key.inner`. */
export function jobPlaces(job: YamlMap): ReadonlyMap<string, Span> {
  const places = new Map<string, Span>();
  for (const key of KEYS) {
    const entry = entryOf(job, key);
    if (entry === null) continue;
    const inner = mapOf(entry.value);
    places.set(key, inner === null ? entry.value.span : entry.keySpan);
    for (const one of inner?.entries.values() ?? []) places.set(`${key}.${one.key}`, one.value.span);
  }
  return places;
}
