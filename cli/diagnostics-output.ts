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
import { paint } from "./output.ts";
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

/** Diagnostics as the answer itself. */
export function formatDiagnostics(
  format: DiagnosticFormat,
  diagnostics: readonly Diagnostic[],
  sources: SourceTexts,
): string {
  switch (format) {
    case "human":
      return humanDiagnostics(diagnostics, sources, process.stdout);
    case "json":
      return JSON.stringify(diagnosticsView(diagnostics, sources), null, 2);
    case "sarif":
      return JSON.stringify(sarifLog(diagnostics, sources, PROGRAM_VERSION), null, 2);
    case "github":
      return formatGithub(diagnostics, sources);
    default:
      return unreachable(format);
  }
}
