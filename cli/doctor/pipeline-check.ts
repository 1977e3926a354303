import { CliFailure } from "../failure.ts";
import { countDiagnostics } from "../../compiler/diagnostics/index.ts";
import { checkWorkingTree } from "../validate.ts";
import { bad, note, ok, type Finding } from "./finding.ts";

/** The pipeline in the working tree; nothing where there is no repository. */
export async function checkPipeline(): Promise<Finding[]> {
  try {
    const diagnostics = await checkWorkingTree();
    if (diagnostics.length === 0) return [ok("pipeline", "valid")];
    const wrong = diagnostics.some(({ severity }) => severity === "error");
    return [(wrong ? bad : note)("pipeline", countDiagnostics(diagnostics), "`delta validate` shows them.")];
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    if (error.code === "not_a_git_repository") return [];
    return [note("pipeline", error.message, error.hint ?? "`delta validate` tells more.")];
  }
}
