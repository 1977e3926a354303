import { Ajv } from "ajv";
import standalone from "ajv/dist/standalone/index.js";
import type { Plugin } from "rolldown";
import { gatherFaults, SHAPE_OPTIONS } from "./compiler/language/shape-validator.ts";
import pipelineSchema from "./schemas/pipeline.schema.json" with { type: "json" };

/** A module like compiler/language/shape-validator.ts whose checker is compiled already. */
export function builtShapeValidator(): string {
  const ajv = new Ajv({ ...SHAPE_OPTIONS, code: { ...SHAPE_OPTIONS.code, source: true, esm: true } });
  const code = gatherFaults(standalone.default(ajv, ajv.compile(pipelineSchema)));
  // Also for modules ajv reaches for its own run time by require.
  const imports: string[] = [];
  const linked = code.replace(/require\(("ajv\/[^"]+)"\)\.default/g, (_, path: string) => {
    const name = `required${imports.length}`;
    imports.push(`import ${name} from ${path}.js";`);
    // What a CommonJS module exports as default is reached in one step or in two, as the loader has it.
    return `(${name}.default ?? ${name})`;
  });
  if (/\brequire\(/.test(linked))
    throw new Error("the compiled validator requires what the build does not link");
  return [
    ...imports,
    linked.replace(/^"use strict";/, ""),
    "export function shapeValidator() { return validate0; }",
  ].join("\n");
}

/** Puts it in place of the module that compiles the schema when it is first asked. */
export const shapeValidatorPlugin: Plugin = {
  name: "shape-validator",
  load: (id) =>
    id.endsWith("/compiler/language/shape-validator.ts")
      ? { code: builtShapeValidator(), moduleType: "js" }
      : null,
};
