import {
  diagnosticsView,
  formatGithub,
  formatHuman,
  sarifLog,
  type PaintStyle,
  type SourceTexts,
} from "../compiler/diagnostics/index.ts";
import { unreachable } from "../compiler/unreachable.ts";
import type { Diagnostic } from "../schemas/diagnostic.ts";
import type { DiagnosticFormat } from "./diagnostic-formats.ts";
import { paint, writeData, writeJson } from "./output.ts";
import { PROGRAM_VERSION } from "./program-version.ts";

const STYLES = {
  error: "red",
  warning: "yellow",
  info: "cyan",
  bold: "bold",
  dim: "dim",
} as const satisfies Record<PaintStyle, string>;

/** Diagnostics as text for a stream's reader. */
export function humanDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: SourceTexts,
  stream: NodeJS.WriteStream,
): string {
  return formatHuman(diagnostics, sources, (style, text) => paint(STYLES[style], text, stream));
}

/** Writes diagnostics as the answer itself. */
export function writeDiagnostics(
  format: DiagnosticFormat,
  diagnostics: readonly Diagnostic[],
  sources: SourceTexts,
): void {
  switch (format) {
    case "human":
      return writeData(humanDiagnostics(diagnostics, sources, process.stdout));
    case "json":
      return writeJson(diagnosticsView(diagnostics, sources));
    case "sarif":
      return writeJson(sarifLog(diagnostics, sources, PROGRAM_VERSION));
    case "github":
      return writeData(formatGithub(diagnostics, sources));
    default:
      return unreachable(format);
  }
}
