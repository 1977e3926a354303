export type Severity = "error" | "warning" | "info";

interface DiagnosticCodeEntry {
  /** Readable name, `subject.problem`; shown beside the code. */
  readonly name: string;
  readonly severity: Severity;
  /** One line for the docs index and the SARIF rule. */
  readonly title: string;
}

/**
 * Every diagnostic code, stable for ever: a number is never given a second meaning, and a code no
 * longer used stays with a note. docs/diagnostics.md has one entry each; a test compares both ways.
 *
 * DC10xx text and YAML, DC11xx shape, DC12xx names and needs, DC13xx expressions, DC14xx matrix,
 * DC15xx globs, DC16xx includes and templates, DC17xx components and manifests, DC18xx policy,
 * DC19xx advice, DC20xx git and the change set.
 */
export const DIAGNOSTIC_CODES = {
  DC1001: { name: "pipeline.missing", severity: "error", title: "The commit has no pipeline file" },
  DC1002: { name: "pipeline.empty", severity: "error", title: "The pipeline file has no content" },
  DC1003: { name: "yaml.too_large", severity: "error", title: "A configuration file is larger than 500 KiB" },
  DC1004: { name: "yaml.encoding", severity: "error", title: "A configuration file is not UTF-8 text" },
  DC1005: { name: "yaml.syntax", severity: "error", title: "The text is not YAML" },
} as const satisfies Record<string, DiagnosticCodeEntry>;

export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES;
