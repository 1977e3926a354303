import { findDecisions } from "../compiler/index.ts";
import { renderExplain } from "../compiler/render/index.ts";
import type { Decision } from "../schemas/plan.ts";
import { compileHere, plannedOf, requireJobs, type CompileRequest } from "./compile-here.ts";
import { talkDiagnostics } from "./diagnostics-output.ts";
import { EXIT } from "./exit-codes.ts";
import { coloursWanted, writeData } from "./output.ts";

export interface ExplainAnswer {
  readonly version: 1;
  readonly digest: string | null;
  readonly decisions: readonly Decision[];
}

/** Prints why one job, or each cell of its matrix, runs or does not. The exit code is 1 without a plan. */
export async function explainHere(
  change: Omit<CompileRequest, "jobs" | "all">,
  job: string,
  json: boolean,
): Promise<ExplainAnswer> {
  const { result, sources } = await compileHere({ ...change, jobs: [], all: false });
  const planned = plannedOf(result);
  if (planned === null) {
    if (!json) talkDiagnostics(result.diagnostics, sources);
    process.exitCode = EXIT.findings;
    return { version: 1, digest: null, decisions: [] };
  }
  requireJobs(planned.plan, [job]);
  const decisions = findDecisions(planned.plan, job);
  if (!json) writeData(renderExplain(planned.plan, job, { colour: coloursWanted() }) ?? "");
  return { version: 1, digest: planned.digest, decisions };
}
