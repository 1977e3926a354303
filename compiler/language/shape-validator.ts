import { Ajv, type Options, type ValidateFunction } from "ajv";
import pipelineSchema from "../../schemas/pipeline.schema.json" with { type: "json" };

/** Ten times what is told of one pipeline: repeats of one fault and what follows from another are not told. */
export const SHAPE_FAULTS_MAX = 2_000;

/**
 * The checker's code, made to stop gathering faults at SHAPE_FAULTS_MAX. What ajv writes copies all that were found
 * before for each part that has some, which takes a tenth of a second for a map of ten thousand wrong values.
 */
export function gatherFaults(code: string): string {
  return code.replace(
    /vErrors\.concat\(\w+\.errors\)/g,
    `(vErrors.length < ${SHAPE_FAULTS_MAX} ? $& : vErrors)`,
  );
}

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
  code: { optimize: false, process: gatherFaults },
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
