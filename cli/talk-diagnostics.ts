import type { SourceTexts } from "../compiler/diagnostics/index.ts";
import type { Diagnostic } from "../schemas/diagnostic.ts";
import { writeTalk } from "./output.ts";

/** Diagnostics that stand beside another answer go to stderr. What shows them is loaded when there are any. */
export async function talkDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: SourceTexts,
): Promise<void> {
  if (diagnostics.length === 0) return;
  const { humanDiagnostics } = await import("./diagnostics-output.ts");
  writeTalk(humanDiagnostics(diagnostics, sources, process.stderr));
}
