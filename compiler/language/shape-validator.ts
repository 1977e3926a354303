import { Ajv, type Options, type ValidateFunction } from "ajv";
import pipelineSchema from "../../schemas/pipeline.schema.json" with { type: "json" };

/** What the checker of a pipeline's shape is made with, here and in the build. */
export const SHAPE_OPTIONS = {
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
} as const satisfies Options;

/** Compiling the schema takes longer than checking a pipeline, so it happens once, at the first pipeline. */
let compiled: ValidateFunction | null = null;

/**
 * The checker of a pipeline's shape. The build puts a module in place of this one that was compiled
 * ahead and loads no ajv (adr/0024-validators-are-compiled-in-the-build.md).
 */
export function shapeValidator(): ValidateFunction {
  compiled ??= new Ajv(SHAPE_OPTIONS).compile(pipelineSchema);
  return compiled;
}
