import { evaluateExpression, expressionsOf } from "../expressions/index.ts";
import { named } from "../selection/sentence.ts";
import type { LintInput } from "./lint.ts";

/** Names that are the same in every run of a pipeline. */
const STEADY: ReadonlySet<string> = new Set(["vars", "matrix", "component"]);

/**
 * A branch rule waits for a check by its name. A required job whose name reads the event or the
 * changes has another name in the next run, and the rule waits for ever.
 */
export function checkNameChanges({ model, report }: LintInput): void {
  for (const { name, required, key } of model.jobs) {
    if (name === null || !required) continue;
    const unsteady = expressionsOf(name)
      .flatMap((expression) => evaluateExpression(expression, { names: new Map(), files: [] }).reads)
      .find((read) => !STEADY.has(read.name.split(".", 1)[0] ?? ""));
    if (unsteady === undefined) continue;
    report.add(
      "DC1904",
      name.span,
      `The name of ${named(key)} reads ${named(unsteady.name)}, so its check is called otherwise in every run; ` +
        "a branch rule that requires it would wait for ever",
    );
  }
}
