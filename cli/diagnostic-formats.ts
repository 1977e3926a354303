/** How `delta validate` prints what it found. */
export const DIAGNOSTIC_FORMATS = ["human", "json", "sarif", "github"] as const;
export type DiagnosticFormat = (typeof DIAGNOSTIC_FORMATS)[number];
