import type { ChangeSet } from "../../schemas/changes.ts";
import type { Scope, Value, ValueMap } from "../expressions/index.ts";
import type { CompileInput } from "../input.ts";
import type { JobModel, PipelineModel } from "../language/index.ts";
import { componentValues, scopeNames } from "../language/scope.ts";
import { remembered } from "../remembered.ts";
import { textsOf } from "./component-changes.ts";

/**
 * The names that expressions may read, by job; null stands for the pipeline itself. All jobs read the same
 * names but those of their matrix and component. `vars` are those of the pipeline unless its rules set others.
 */
export function jobScopes(
  { components, inputs }: PipelineModel,
  vars: ValueMap,
  { head, event }: CompileInput,
  changes: ChangeSet,
): (job: JobModel | null) => Scope {
  const files = [...head.entries.values()];
  const outputs = new Map(components.declared.map((one) => [one.root.value, textsOf(one.outputs)]));
  const names = scopeNames({ event, vars, inputs, changes, matrix: null, component: null });
  // Asked for when a job is judged and again when it is planned; many jobs read nothing of it.
  const valuesOf = remembered((component: NonNullable<JobModel["component"]>) =>
    componentValues({ ...component, outputs: outputs.get(component.root) ?? [] }),
  );
  return (job) => {
    const { matrix = null, component = null } = job ?? {};
    if (matrix === null && component === null) return { names, files };
    const valueOf = (name: string): Value | undefined => {
      if (name === "matrix" && matrix !== null) return matrix;
      if (name === "component" && component !== null) return valuesOf(component);
      return names.get(name);
    };
    return { names: { get: valueOf }, files };
  };
}
