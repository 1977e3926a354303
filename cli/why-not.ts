import { absentInstance, whyNot, type WhyNot } from "../compiler/index.ts";
import { renderWhyNot } from "../compiler/render/index.ts";
import { answerOnce } from "./answer-once.ts";
import { compileHere, plannedOf, requireInstance, type CompileRequest } from "./compile-here.ts";
import { EXIT } from "./exit-codes.ts";
import { coloursWanted, writeData } from "./output.ts";
import { talkDiagnostics } from "./talk-diagnostics.ts";

export interface WhyNotAnswer {
  readonly version: 1;
  readonly job: string;
  readonly decisions: WhyNot["decisions"];
  readonly runs: boolean;
  /** The smallest differences found, each compiled and seen to run the job. */
  readonly would_run_if: readonly string[];
  /** A changed path with which the job is selected, but in a plan that is refused. */
  readonly refused: { readonly path: string; readonly because: string } | null;
  /** How many there were to try; none for a job that runs. */
  readonly tried: WhyNot["tried"];
}

/** Prints what would run a job that does not run. The exit code is 1 without a plan. */
export async function whyNotHere(
  change: Omit<CompileRequest, "jobs" | "all">,
  job: string,
  json: boolean,
): Promise<WhyNotAnswer> {
  answerOnce();
  const { input, result, sources, preparations } = await compileHere({ ...change, jobs: [], all: false });
  const planned = plannedOf(result);
  const answer = planned === null ? null : whyNot(input, job, preparations, planned.plan);
  if (planned !== null && answer === null)
    requireInstance(absentInstance(input, planned.plan, job, preparations), planned.plan, job);
  if (answer === null) {
    if (!json) await talkDiagnostics(result.diagnostics, sources);
    process.exitCode = EXIT.findings;
    const tried = { paths: 0, events: 0 };
    return { version: 1, job, decisions: [], runs: false, would_run_if: [], refused: null, tried };
  }
  if (!json) writeData(renderWhyNot(answer, { colour: coloursWanted() }));
  const { decisions, runs, wouldRunIf, tried } = answer;
  const [path, because] = answer.refused ?? [];
  const refused = path === undefined || because === undefined ? null : { path, because };
  return { version: 1, job, decisions, runs, would_run_if: wouldRunIf, refused, tried };
}
