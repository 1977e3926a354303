/** What a user reads about their configuration, and how it is written out. */
export { type AppliedFixes, applyFixes } from "./apply-fixes.ts";
export {
  countDiagnostics,
  docsPath,
  formatHuman,
  noPaint,
  type Paint,
  type PaintStyle,
} from "./format-human.ts";
export { type DiagnosticsView, type DiagnosticView, diagnosticsView, type RangeView } from "./format-json.ts";
export { formatGithub, formatLines } from "./format-lines.ts";
export { sarifLog } from "./format-sarif.ts";
export { displayText, quote } from "./quote.ts";
export { LineIndex, PlaceFinder, type SourceTexts, textsOf } from "./source-text.ts";
