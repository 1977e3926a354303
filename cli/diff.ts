import {
  compile,
  PIPELINE_FILE,
  type CompileInput,
  type CompileResult,
  type TreeSnapshot,
} from "../compiler/index.ts";
import { textsOf } from "../compiler/diagnostics/index.ts";
import { planDiff, renderPlanDiff, type PlanDiff } from "../compiler/render/index.ts";
import type { Plan } from "../schemas/plan.ts";
import { answerOnce } from "./answer-once.ts";
import { compileHere, plannedOf, type CompileRequest } from "./compile-here.ts";
import { EXIT } from "./exit-codes.ts";
import { coloursWanted, writeData, writeTalk } from "./output.ts";
import { talkDiagnostics } from "./talk-diagnostics.ts";

const CONFIGURATION_FOLDER = ".delta/";
const NO_DIFFERENCE: PlanDiff = { version: 1, gained: [], lost: [], changed: [] };

/** Prints how the plan differs between the pipelines of base and head. The exit code is 1 without a plan at head. */
export async function diffHere(
  change: Omit<CompileRequest, "jobs" | "all">,
  { full, json }: { readonly full: boolean; readonly json: boolean },
): Promise<PlanDiff> {
  answerOnce();
  const { input, result, sources } = await compileHere({ ...change, jobs: [], all: false });
  const after = plannedOf(result);
  if (after === null) {
    if (!json) await talkDiagnostics(result.diagnostics, sources);
    process.exitCode = EXIT.findings;
    return NO_DIFFERENCE;
  }
  const before = compileAsBefore(input, after.plan);
  if (!json && before.plan === null) {
    writeTalk("The pipeline of the base has errors, so everything counts as gained:");
    await talkDiagnostics(before.result?.diagnostics ?? [], textsOf(input.base?.contents ?? new Map()));
  }
  const diff = planDiff(before.plan ?? withoutJobs(after.plan), after.plan);
  if (!json) {
    const text = renderPlanDiff(diff, { colour: coloursWanted(), full: full || !process.stdout.isTTY });
    if (text === "") writeTalk("Both pipelines give the same plan for this change.");
    else writeData(text);
  }
  return diff;
}

/** The plan that the pipeline of the base gives for the same change; one without jobs where it had none. */
function compileAsBefore(
  input: CompileInput,
  after: Plan,
): { readonly plan: Plan | null; readonly result: CompileResult | null } {
  const { base } = input;
  if (base === null || !base.entries.has(PIPELINE_FILE)) return { plan: withoutJobs(after), result: null };
  const result = compile({ ...input, head: withConfigurationOf(base, input.head) });
  return { plan: result.plan, result };
}

function withoutJobs(plan: Plan): Plan {
  return { ...plan, jobs: [], decisions: [] };
}

/** The tree of one commit with the configuration folder of another. */
function withConfigurationOf(other: TreeSnapshot, tree: TreeSnapshot): TreeSnapshot {
  const isConfiguration = (path: string): boolean => path.startsWith(CONFIGURATION_FOLDER);
  const merged = <Value>(
    own: ReadonlyMap<string, Value>,
    others: ReadonlyMap<string, Value>,
  ): Map<string, Value> =>
    new Map([
      ...[...own].filter(([path]) => !isConfiguration(path)),
      ...[...others].filter(([path]) => isConfiguration(path)),
    ]);
  return {
    commit: tree.commit,
    entries: merged(tree.entries, other.entries),
    contents: merged(tree.contents, other.contents),
  };
}
