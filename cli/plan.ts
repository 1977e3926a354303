import { writeFile } from "node:fs/promises";
import { diagnosticsView, type DiagnosticsView } from "../compiler/diagnostics/index.ts";
import type { Plan } from "../schemas/plan.ts";
import { compileHere, plannedOf, refuseUnknownJobs, type CompileRequest } from "./compile-here.ts";
import { talkDiagnostics } from "./diagnostics-output.ts";
import { EXIT } from "./exit-codes.ts";
import { CliFailure } from "./failure.ts";
import { coloursWanted, writeData, writeTalk } from "./output.ts";

export interface PlanAnswer extends DiagnosticsView {
  readonly digest: string | null;
  readonly plan: Plan | null;
}

/** Compiles, prints and writes a plan. The exit code is 1 when there is none. */
export async function planHere(
  request: CompileRequest & { readonly out: string | null; readonly json: boolean },
): Promise<PlanAnswer> {
  const { result, sources } = await compileHere(request);
  refuseUnknownJobs(result);
  const planned = plannedOf(result);
  if (!request.json) talkDiagnostics(result.diagnostics, sources);
  if (planned === null) process.exitCode = EXIT.findings;
  else {
    if (request.out !== null) await write(request.out, planned.canonical);
    if (!request.json) {
      const { renderPlan } = await import("../compiler/render/index.ts");
      writeData(renderPlan(planned.plan, { digest: planned.digest, colour: coloursWanted() }));
    }
  }
  const view = diagnosticsView(result.diagnostics, sources);
  return { ...view, digest: result.digest, plan: result.plan };
}

async function write(path: string, canonical: string): Promise<void> {
  try {
    await writeFile(path, canonical);
    writeTalk(`wrote ${path}`);
  } catch (error) {
    throw new CliFailure("file_unreadable", `cannot write ${path}: ${(error as Error).message}`, null, error);
  }
}
