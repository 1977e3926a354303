import type { ChangeSet } from "../../schemas/changes.ts";
import type { Scope, Value, ValueMap } from "../expressions/index.ts";
import type { CompileInput } from "../input.ts";
import type { JobModel, PipelineModel } from "../language/index.ts";
import { componentValues, scopeNames } from "../language/scope.ts";
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
  return (job) => {
    const { matrix = null, component = null } = job ?? {};
    if (matrix === null && component === null) return { names, files };
    const own = new Map<string, Value>();
    if (matrix !== null) own.set("matrix", matrix);
    if (component !== null)
      own.set("component", componentValues({ ...component, outputs: outputs.get(component.root) ?? [] }));
    return { names: { get: (name) => own.get(name) ?? names.get(name) }, files };
  };
}
