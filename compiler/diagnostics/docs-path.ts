import { DIAGNOSTIC_CODES, type DiagnosticCode } from "../../schemas/diagnostic-codes.ts";

/** Where the docs of a code are, relative to the root of this program; the anchor is that of a Markdown heading. */
export function docsPath(code: DiagnosticCode): string {
  return `docs/diagnostics.md#${code.toLowerCase()}-${DIAGNOSTIC_CODES[code].name.replaceAll(".", "")}`;
}
