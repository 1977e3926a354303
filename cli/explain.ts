import { absentInstance, findDecisions } from "../compiler/index.ts";
import { renderExplain } from "../compiler/render/index.ts";
import type { Decision, Plan } from "../schemas/plan.ts";
import { answerOnce } from "./answer-once.ts";
import { compileHere, plannedOf, requireInstance, type CompileRequest } from "./compile-here.ts";
import { EXIT } from "./exit-codes.ts";
import { coloursWanted, writeData } from "./output.ts";
import { talkDiagnostics } from "./talk-diagnostics.ts";

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
  answerOnce();
  const { input, result, sources, preparations } = await compileHere({ ...change, jobs: [], all: false });
  const planned = plannedOf(result);
  if (planned === null) {
    if (!json) await talkDiagnostics(result.diagnostics, sources);
    process.exitCode = EXIT.findings;
    return { version: 1, digest: null, decisions: [] };
  }
  const absent = absentInstance(input, planned.plan, job, preparations);
  const plan = withAbsent(absent, planned.plan, job);
  const decisions = findDecisions(plan, job);
  if (!json) writeData(renderExplain(plan, job, { colour: coloursWanted() }) ?? "");
  return { version: 1, digest: planned.digest, decisions };
}

/** The plan with a decision for a component's instance that it leaves out. Throws `job_unknown`. */
function withAbsent(absent: ReturnType<typeof absentInstance>, plan: Plan, job: string): Plan {
  const decision = absent?.decision ?? null;
  if (decision !== null) return { ...plan, decisions: [...plan.decisions, decision] };
  requireInstance(absent, plan, job);
  return plan;
}
