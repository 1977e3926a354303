import type { Report } from "../../diagnostics/report.ts";
import { itemsOf, mapOf } from "../../language/read.ts";
import type { YamlNode } from "../../yaml/nodes.ts";
import { changed, scalarText } from "../reader.ts";
import type { Known } from "./known.ts";

const OUTPUT = "cache-hit";

/**
 * What `steps.ID.outputs.cache-hit` is of steps that restore a cache. Whether one was found is known to no step here, and
 * a job may find none in any case: it counts as not found, which is told where a step asks for it.
 */
export function cacheHits(node: YamlNode | undefined, report: Report): ReadonlyMap<string, Known> {
  const known = new Map<string, Known>();
  const steps = itemsOf(node);
  for (const step of steps) {
    const entries = mapOf(step)?.entries;
    const id = scalarText(entries?.get("id")?.value);
    const uses = entries?.get("uses");
    if (
      id === null ||
      uses === undefined ||
      !/^actions\/cache(?:\/restore)?@/.test(scalarText(uses.value) ?? "")
    )
      continue;
    const path = `steps.${id}.outputs.${OUTPUT}`;
    known.set(path, { text: "''", type: "string", fixed: "" });
    const isAsked = steps.some(
      (other) => scalarText(mapOf(other)?.entries.get("if")?.value)?.includes(path) === true,
    );
    if (isAsked)
      changed(
        report,
        uses.value.span,
        "Whether this cache was found is known to no step here: those that ask for it do as if it was not",
      );
  }
  return known;
}
