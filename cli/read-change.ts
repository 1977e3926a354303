import { inputTexts } from "../compiler/index.ts";
import { PIPELINE_FILE } from "../compiler/input.ts";
import type { ComponentChanges } from "../compiler/plan/component-changes.ts";
import { readCompileInput, type GitRepository } from "../control-plane/git/index.ts";
import type { ChangeSet } from "../schemas/changes.ts";
import { answerOnce } from "./answer-once.ts";
import { EXIT } from "./exit-codes.ts";
import { readForPipeline } from "./read-for-pipeline.ts";
import { talkDiagnostics } from "./talk-diagnostics.ts";

type ChangeInput = Awaited<ReturnType<typeof readCompileInput>>;

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
  const result = await affectedBy(input);
  const errors = result.diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) {
    await talkDiagnostics(errors, inputTexts(input));
    process.exitCode = EXIT.findings;
  }
  return { changes: input.changes, result };
}

/** Without a pipeline nothing is loaded that reads one, which is most of the compiler. */
async function affectedBy(input: ChangeInput): Promise<ComponentChanges> {
  if (!input.head.entries.has(PIPELINE_FILE)) {
    const { discoveredAlone } = await import("../compiler/plan/discovered-alone.ts");
    answerOnce();
    return discoveredAlone(input);
  }
  const { affectedByChange } = await import("../compiler/plan/affected-by-change.ts");
  answerOnce();
  return affectedByChange(input);
}
