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
  DC1006: { name: "yaml.too_deep", severity: "error", title: "Maps and lists are nested more than 64 deep" },
  DC1007: { name: "yaml.too_many_keys", severity: "error", title: "One map has more than 5,000 keys" },
  DC1008: {
    name: "yaml.alias_limit",
    severity: "error",
    title: "Anchors and aliases stand for too many values",
  },
  DC1009: { name: "yaml.alias_cycle", severity: "error", title: "An alias stands inside the value it names" },
  DC1010: { name: "yaml.alias_unknown", severity: "error", title: "An alias names no anchor before it" },
  DC1011: {
    name: "yaml.multi_document",
    severity: "error",
    title: "A file holds more than one YAML document",
  },
  DC1012: { name: "yaml.tab_indent", severity: "error", title: "A line is indented with a tab" },
  DC1014: { name: "yaml.tag_forbidden", severity: "error", title: "A YAML tag is not allowed" },
  DC1015: { name: "yaml.directive_forbidden", severity: "error", title: "A YAML directive is not allowed" },
  DC1016: { name: "yaml.key_invalid", severity: "error", title: "A key is not a plain word" },
  DC1017: { name: "yaml.too_complex", severity: "error", title: "A file has more than 250,000 tokens" },
  DC1018: { name: "yaml.duplicate_key", severity: "error", title: "A key is written twice in one map" },
  DC1019: {
    name: "yaml.merge_invalid",
    severity: "error",
    title: "A merge key takes something that is not a map",
  },
  DC1301: { name: "expr.syntax", severity: "error", title: "The text is not an expression" },
  DC1302: {
    name: "expr.unknown_name",
    severity: "error",
    title: "An expression reads a name that does not exist",
  },
  DC1303: { name: "expr.type", severity: "error", title: "An expression uses a value of the wrong type" },
  DC1304: {
    name: "expr.unknown_function",
    severity: "error",
    title: "An expression calls a function that does not exist",
  },
  DC1305: {
    name: "expr.arguments",
    severity: "error",
    title: "A function is called with the wrong number of arguments",
  },
  DC1306: {
    name: "expr.untrusted_in_script",
    severity: "error",
    title: "A value that strangers choose is pasted into a script",
  },
  DC1307: {
    name: "expr.too_long",
    severity: "error",
    title: "An expression is longer than 4,096 characters",
  },
  DC1308: {
    name: "expr.no_value",
    severity: "error",
    title: "An expression cannot be worked out for this event",
  },
  DC1501: { name: "glob.too_long", severity: "error", title: "A glob is longer than 512 characters" },
  DC1502: {
    name: "glob.expansion_limit",
    severity: "error",
    title: "A glob's braces stand for too many patterns",
  },
  DC1503: {
    name: "glob.extglob_unsupported",
    severity: "error",
    title: "Extended globs such as +(a) are not supported",
  },
  DC1504: {
    name: "glob.syntax_unsupported",
    severity: "error",
    title: "A character has no meaning in a glob",
  },
  DC1505: { name: "glob.outside_repo", severity: "error", title: "A glob points outside the repository" },
  DC1506: {
    name: "glob.matches_nothing",
    severity: "error",
    title: "A glob or a list of globs can match no path",
  },
  DC1507: {
    name: "glob.unbalanced",
    severity: "error",
    title: "A bracket or brace in a glob has no partner",
  },
  DC1508: {
    name: "glob.backslash",
    severity: "error",
    title: "A backslash in a glob is not a path separator",
  },
} as const satisfies Record<string, DiagnosticCodeEntry>;

export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES;
