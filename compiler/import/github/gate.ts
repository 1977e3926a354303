import type { ConvertedCondition } from "./condition.ts";
import type { Needed } from "./late.ts";
import { type LateTest, TEST_WORDS } from "./late-condition.ts";
import { neededOf } from "./scripts.ts";
import type { ScriptStep } from "./shells.ts";

/**
 * What decides when a step starts whether it does anything: lines before its script that end it. A step that runs only
 * after a failure runs always here, unless a step right before it, which none does after a failure, left a file.
 */
export function gateOf(
  { late = [], failed = false }: ConvertedCondition,
  { steps }: { readonly steps: ScriptStep[] },
  shell: ScriptStep["shell"],
): Needed {
  const lines: string[] = [];
  if (failed) {
    const file = `"$TMPDIR/no-failure-${steps.length}"`;
    steps.push({
      draft: { name: "note that no step failed", run: "" },
      lines: [`: > ${file}`],
      shell,
    });
    lines.push(`if [ -e ${file} ]; then exit 0; fi`);
  }
  const needed = testsOf(late);
  return { ...needed, lines: [...lines, ...needed.lines] };
}

/** Lines that end a script unless all of these hold, with what they read. */
export function testsOf(late: readonly LateTest[]): Needed {
  const env = Object.assign({}, ...late.map((one) => one.env)) as Needed["env"];
  const needed = neededOf(
    late.flatMap(({ values }) => values),
    env,
  );
  const tests = late.map(({ test }) => `${test} || exit 0`);
  const words = tests.some((test) => test.includes("delta_lower")) ? TEST_WORDS : [];
  return { ...needed, lines: [...needed.lines, ...words, ...tests] };
}
