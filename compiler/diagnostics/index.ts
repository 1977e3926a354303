/** What a user reads about their configuration, and how it is written out. */
export { applyFixes } from "./apply-fixes.ts";
export { docsPath } from "./docs-path.ts";
export {
  countDiagnostics,
  formatHuman,
  type PaintStyle,
} from "./format-human.ts";
export { type DiagnosticsView, diagnosticsView } from "./format-json.ts";
export { formatGithub, formatLines } from "./format-lines.ts";
export { sarifLog } from "./format-sarif.ts";
export { displayText } from "./quote.ts";
export { LineIndex, PlaceFinder, type SourceTexts, textsOf } from "./source-text.ts";
