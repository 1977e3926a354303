import { existsSync } from "node:fs";
import { join } from "node:path";
import type { SourceTexts } from "../compiler/diagnostics/index.ts";
import { PIPELINE_FILE } from "../compiler/input.ts";
import type { Diagnostic } from "../schemas/diagnostic.ts";
import { writeTalk } from "./output.ts";
import { openHere } from "./repository.ts";

/** Diagnostics that stand beside another answer go to stderr. What shows them is loaded when there are any. */
export async function talkDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: SourceTexts,
): Promise<void> {
  if (diagnostics.length === 0) return;
  const { humanDiagnostics } = await import("./diagnostics-output.ts");
  writeTalk(humanDiagnostics(diagnostics, sources, process.stderr));
  if (diagnostics.some(({ code }) => code === "DC1001")) writeTalk(await whereItIs());
}

/** What to do about a commit without a pipeline. */
async function whereItIs(): Promise<string> {
  const { path } = await openHere();
  return existsSync(join(path, PIPELINE_FILE))
    ? "The working tree has one: commit it, or name the working tree with --worktree."
    : "`delta init` writes a first one.";
}
