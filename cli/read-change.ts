import { inputTexts } from "../compiler/index.ts";
import { affectedByChange } from "../compiler/plan/affected-by-change.ts";
import type { ComponentChanges } from "../compiler/plan/component-changes.ts";
import { readCompileInput, type GitRepository } from "../control-plane/git/index.ts";
import type { ChangeSet } from "../schemas/changes.ts";
import { talkDiagnostics } from "./diagnostics-output.ts";
import { EXIT } from "./exit-codes.ts";
import { readForPipeline } from "./read-for-pipeline.ts";

/**
 * Reads a change and what it affects, as the pipeline in its head sets it. Errors about components go
 * to stderr and set the exit code to 1.
 */
export async function readChange(
  repository: GitRepository,
  head: string | undefined,
  base: string | undefined,
): Promise<{ readonly changes: ChangeSet; readonly result: ComponentChanges }> {
  const input = await readCompileInput(repository, {
    ...readForPipeline(repository),
    ...(head === undefined ? {} : { head }),
    ...(base === undefined ? {} : { base }),
  });
  const result = affectedByChange(input);
  const errors = result.diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) {
    talkDiagnostics(errors, inputTexts(input));
    process.exitCode = EXIT.findings;
  }
  return { changes: input.changes, result };
}
