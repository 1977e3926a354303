import { writeFile } from "node:fs/promises";
import { diagnosticsView, type DiagnosticsView } from "../compiler/diagnostics/index.ts";
import { suggest } from "../compiler/diagnostics/suggest.ts";
import type { CompileInput } from "../compiler/index.ts";
import type { Provenance } from "../compiler/provenance/index.ts";
import type { Plan } from "../schemas/plan.ts";
import { answerOnce } from "./answer-once.ts";
import { compileHere, plannedOf, refuseUnknownJobs, type CompileRequest } from "./compile-here.ts";
import { EXIT } from "./exit-codes.ts";
import { CliFailure } from "./failure.ts";
import { fileFault } from "./file-fault.ts";
import { coloursWanted, columnsOf, JsonText, writeData, writeTalk } from "./output.ts";
import { talkDiagnostics } from "./talk-diagnostics.ts";

export interface PlanAnswer extends DiagnosticsView {
  readonly digest: string | null;
  readonly plan: JsonText | null;
  /** There when the changed paths were made up: no server makes this plan, and none has this digest. */
  readonly hypothetical?: boolean;
  /** There when it was asked for. */
  readonly provenance?: readonly Provenance[];
}

interface PlanRequest extends CompileRequest {
  /** What to name the origin of: jobs, paths or JSON pointers; all values when empty. Null: nothing. */
  readonly provenance: readonly string[] | null;
  readonly out: string | null;
  /** List every job, however many there are. */
  readonly full?: boolean;
  readonly json: boolean;
}

/** Compiles, prints and writes a plan. The exit code is 1 when there is none. */
export async function planHere(request: PlanRequest): Promise<PlanAnswer> {
  answerOnce();
  const { input, result, sources } = await compileHere(request);
  refuseUnknownJobs(result);
  const planned = plannedOf(result);
  if (!request.json) await talkDiagnostics(result.diagnostics, sources);
  const hypothetical = request.changedFiles !== undefined;
  const view = {
    ...diagnosticsView(result.diagnostics, sources),
    digest: result.digest,
    plan: planned && new JsonText(planned.canonical),
    ...(hypothetical ? { hypothetical } : {}),
  };
  if (planned === null) {
    process.exitCode = EXIT.findings;
    return view;
  }
  if (request.out !== null) await write(request.out, planned.canonical);
  const provenance = request.provenance && (await originsOf(input, planned.plan, request.provenance));
  if (!request.json) {
    const { renderPlan, renderProvenance } = await import("../compiler/render/index.ts");
    const colour = coloursWanted();
    writeData(
      provenance === null
        ? renderPlan(planned.plan, {
            digest: planned.digest,
            colour,
            hypothetical,
            full: request.full ?? false,
            columns: columnsOf(process.stdout),
          })
        : renderProvenance(provenance, { colour, full: request.full === true || !process.stdout.isTTY }),
    );
  }
  return provenance === null ? view : { ...view, provenance };
}

/** Throws `usage` when the plan has no such value. */
async function originsOf(
  input: CompileInput,
  plan: Plan,
  wanted: readonly string[],
): Promise<readonly Provenance[]> {
  const { provenanceOf } = await import("../compiler/provenance/index.ts");
  if (wanted.length === 0) return provenanceOf(input, null);
  return wanted.flatMap((name) => {
    const found = provenanceOf(input, name);
    if (found.length > 0) return found;
    const keys = [...new Set(plan.jobs.flatMap(({ job, key }) => [job, key]))];
    const near = suggest(name.replace(/^jobs\./, "").split(".", 1)[0] ?? name, keys);
    const known =
      near === null || name.includes(near) ? "`delta plan --provenance` names all." : `Did you mean ${near}?`;
    throw new CliFailure("usage", `the plan has no value ${name}`, known);
  });
}

async function write(path: string, canonical: string): Promise<void> {
  try {
    await writeFile(path, canonical);
    writeTalk(`wrote ${path}`);
  } catch (error) {
    throw new CliFailure("file_unreadable", `cannot write ${path}: ${fileFault(error)}`, null, error);
  }
}
