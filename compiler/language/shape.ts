import pipelineSchema from "../../schemas/pipeline.schema.json" with { type: "json" };
import type { Report } from "../diagnostics/report.ts";
import { Candidates } from "../diagnostics/suggest.ts";
import type { YamlMap, YamlNode } from "../yaml/nodes.ts";
import { explainShapeError, missingKey, misspeltKeys, type ShapeError } from "./shape-errors.ts";
import { shapeValidator } from "./shape-validator.ts";

/**
 * Compares a document with the published schema. The schema names no alternatives of whole shapes
 * (no anyOf), so each failure has one cause and one place.
 */
export function checkShape(root: YamlNode, report: Report): void {
  const isValid = shapeValidator();
  if (isValid(toPlain(root))) return;
  const errors = (isValid.errors ?? []) as ShapeError[];
  const misspelt = misspeltKeys(errors);
  for (const error of errors) {
    if (report.isFull) return;
    if (!misspelt.has(missingKey(error))) explainShapeError(error, root, report);
  }
}

/** Keys of a job, as the schema names them. */
const JOB_KEYS = new Set(Object.keys(pipelineSchema.definitions.job.properties));
const JOB_KEY_NAMES = new Candidates(JOB_KEYS);

/** True when the job has the key under a wrong name, which is told as such. */
export function isMisspelt({ entries }: YamlMap, key: string): boolean {
  return [...entries.keys()].some((other) => !JOB_KEYS.has(other) && JOB_KEY_NAMES.nearest(other) === key);
}

/**
 * Plain values for the validator. Objects have no prototype, so that `__proto__` is a key like any other. What aliases
 * share is written out, as the validator reads it: there are at most EXPANDED_NODES_MAX values to a file.
 */
function toPlain(node: YamlNode): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(toPlain);
  const object: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, entry] of node.entries) object[key] = toPlain(entry.value);
  return object;
}
