import { Ajv, type ValidateFunction } from "ajv";
import pipelineSchema from "../../schemas/pipeline.schema.json" with { type: "json" };
import type { Report } from "../diagnostics/report.ts";
import { suggest } from "../diagnostics/suggest.ts";
import type { YamlMap, YamlNode } from "../yaml/nodes.ts";
import { explainShapeError, missingKey, misspeltKeys, type ShapeError } from "./shape-errors.ts";

/** Compiling the schema takes longer than checking a pipeline, so it happens once, at the first pipeline. */
let compiled: ValidateFunction | null = null;

/**
 * Compares a document with the published schema. The schema names no alternatives of whole shapes
 * (no anyOf), so each failure has one cause and one place.
 */
export function checkShape(root: YamlNode, report: Report): void {
  compiled ??= new Ajv({
    allErrors: true,
    verbose: true,
    allowUnionTypes: true,
    strictTypes: false,
    strictTuples: false,
    validateFormats: false,
    // A test holds the schema against draft-07. These four halve the time of compiling it.
    meta: false,
    validateSchema: false,
    inlineRefs: false,
    code: { optimize: false },
  }).compile(pipelineSchema);
  if (compiled(toPlain(root, new Map()))) return;
  const errors = (compiled.errors ?? []) as ShapeError[];
  const misspelt = misspeltKeys(errors);
  for (const error of errors) {
    if (report.isFull) return;
    if (!misspelt.has(missingKey(error))) explainShapeError(error, root, report);
  }
}

/** Keys of a job, as the schema names them. */
const JOB_KEYS = Object.keys(pipelineSchema.definitions.job.properties);

/** True when the job has the key under a wrong name, which is told as such. */
export function isMisspelt({ entries }: YamlMap, key: string): boolean {
  return [...entries.keys()].some((other) => !JOB_KEYS.includes(other) && suggest(other, JOB_KEYS) === key);
}

/** Plain values for the validator. Objects have no prototype, so that `__proto__` is a key like any other. */
function toPlain(node: YamlNode, done: Map<YamlNode, unknown>): unknown {
  if (node.kind === "scalar") return node.value;
  const known = done.get(node);
  if (known !== undefined) return known;
  if (node.kind === "list") {
    const list = node.items.map((item) => toPlain(item, done));
    done.set(node, list);
    return list;
  }
  const object: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, entry] of node.entries) object[key] = toPlain(entry.value, done);
  done.set(node, object);
  return object;
}
