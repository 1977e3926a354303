export type Severity = "error" | "warning" | "info";

interface DiagnosticCodeEntry {
  /** Readable name, `subject.problem`; shown beside the code. */
  readonly name: string;
  readonly severity: Severity;
  /** One line for the docs index and the SARIF rule. */
  readonly title: string;
  /** Nothing raises it any more. */
  readonly retired?: true;
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
  DC1007: {
    name: "yaml.too_many_keys",
    severity: "error",
    title: "One map has more than 10,000 keys, or one list as many items",
  },
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
  DC1017: {
    name: "yaml.too_complex",
    severity: "error",
    title: "A file has more than 250,000 tokens or 50,000 lines",
  },
  DC1018: { name: "yaml.duplicate_key", severity: "error", title: "A key is written twice in one map" },
  DC1019: {
    name: "yaml.merge_invalid",
    severity: "error",
    title: "A merge key takes something that is not a map",
  },
  DC1101: { name: "key.unknown", severity: "error", title: "A key is not part of the language" },
  DC1102: { name: "key.missing", severity: "error", title: "A required key is missing" },
  DC1103: { name: "type.mismatch", severity: "error", title: "A value has the wrong type" },
  DC1104: {
    name: "type.expected_string",
    severity: "error",
    title: "A number or boolean stands where text is meant",
  },
  DC1105: { name: "value.not_allowed", severity: "error", title: "A value is not one of those allowed" },
  DC1106: {
    name: "value.out_of_range",
    severity: "error",
    title: "A value is too small, too large, too short or too long",
  },
  DC1107: {
    name: "value.malformed",
    severity: "error",
    title: "A text does not have the form that is expected",
  },
  DC1108: { name: "duration.invalid", severity: "error", title: "A duration is malformed or out of range" },
  DC1109: { name: "size.invalid", severity: "error", title: "A size is malformed or out of range" },
  DC1110: {
    name: "key.unsupported",
    severity: "error",
    title: "A key or value of the language is not supported yet",
  },
  DC1111: { name: "key.conflict", severity: "error", title: "Two keys are written that exclude each other" },
  DC1112: {
    name: "path.outside_repository",
    severity: "error",
    title: "A folder is not inside the repository",
  },
  DC1113: {
    name: "schedule.invalid",
    severity: "error",
    title: "A schedule's cron fields or time zone are malformed",
  },
  DC1150: {
    name: "rule.unknown_var",
    severity: "error",
    title: "A rule sets a value that is not declared under vars",
  },
  DC1151: {
    name: "rule.var_type",
    severity: "error",
    title: "A rule sets a value of another type than declared",
  },
  DC1152: {
    name: "input.other_type",
    severity: "error",
    title: "An input has another type for people than for every event",
  },
  DC1153: {
    name: "policy.past_ceiling",
    severity: "error",
    title: "A job asks for more than a policy allows",
  },
  DC1154: {
    name: "policy.not_allowed",
    severity: "error",
    title: "A job asks for a pool, an isolation or a network that a policy does not allow",
  },
  DC1155: { name: "policy.image_not_allowed", severity: "error", title: "A policy does not allow an image" },
  DC1156: {
    name: "policy.image_unpinned",
    severity: "error",
    title: "A policy asks for images that are pinned by digest",
  },
  DC1120: {
    name: "needs.misread",
    severity: "error",
    title: "A needed job's result or output is read where or how it cannot be",
  },
  DC1121: { name: "secret.in_expression", severity: "error", title: "An expression reads a secret" },
  DC1122: {
    name: "needs.not_needed",
    severity: "error",
    title: "A result or output is read of a job that is not needed",
  },
  DC1123: {
    name: "needs.several",
    severity: "error",
    title: "A result or output is read of a job that runs as several instances",
  },
  DC1124: {
    name: "output.unknown",
    severity: "error",
    title: "An output is read that the needed job does not have",
  },
  DC1125: {
    name: "artifact.unknown",
    severity: "error",
    title: "An artifact is asked for that the needed job does not have",
  },
  DC1126: { name: "name.taken", severity: "error", title: "Two things of a job have the same name" },
  DC1127: {
    name: "variable.taken",
    severity: "error",
    title: "A variable is both in env and given by a secret or an identity token",
  },
  DC1128: {
    name: "path.outside_checkout",
    severity: "error",
    title: "An artifact or a cache has a path that is not in the checkout",
  },
  DC1129: {
    name: "approval.too_few",
    severity: "error",
    title: "More people must approve than may",
  },
  DC1140: {
    name: "run.not_carried_out",
    severity: "error",
    title: "A job asks for something that this server does not carry out",
  },
  DC1141: {
    name: "run.not_carried_out_harmless",
    severity: "warning",
    title: "A job asks for something that this server leaves out, without harm",
  },
  DC1201: {
    name: "job.name_invalid",
    severity: "error",
    title: "A job id has characters that are not allowed",
  },
  DC1202: { name: "job.name_reserved", severity: "error", title: "A job id is reserved" },
  DC1203: {
    name: "graph.missing_need",
    severity: "error",
    title: "A job needs one that the pipeline does not have",
  },
  DC1204: { name: "graph.cycle", severity: "error", title: "Jobs need each other in a circle" },
  DC1205: {
    name: "graph.too_large",
    severity: "error",
    title: "A pipeline has more jobs, or needs between them, than a plan may have",
  },
  DC1206: { name: "graph.duplicate_need", severity: "error", title: "A job needs another one twice" },
  DC1251: { name: "request.unknown_job", severity: "error", title: "The job asked for does not exist" },
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
  DC1401: { name: "matrix.too_large", severity: "error", title: "A matrix has more than 256 cells" },
  DC1402: { name: "matrix.empty", severity: "error", title: "A matrix or one of its axes has no values" },
  DC1403: {
    name: "matrix.unknown_axis",
    severity: "error",
    title: "An exclusion names an axis that the matrix does not have",
  },
  DC1404: { name: "matrix.exclude_nothing", severity: "warning", title: "An exclusion matches no cell" },
  DC1405: { name: "matrix.duplicate_value", severity: "error", title: "An axis has the same value twice" },
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
  DC1601: {
    name: "template.unknown",
    severity: "error",
    title: "A job extends a template that does not exist",
  },
  DC1602: { name: "template.cycle", severity: "error", title: "Templates extend each other in a circle" },
  DC1603: { name: "template.too_many", severity: "error", title: "A job takes in more than 32 templates" },
  DC1604: {
    name: "include.missing",
    severity: "error",
    title: "An included file does not exist or lies elsewhere",
  },
  DC1605: { name: "include.cycle", severity: "error", title: "Files include each other in a circle" },
  DC1606: {
    name: "include.too_many",
    severity: "error",
    title: "A pipeline includes too many files, or too deep",
  },
  DC1607: { name: "input.missing", severity: "error", title: "An input has no value and no default" },
  DC1608: {
    name: "input.unknown",
    severity: "error",
    title: "A value is given to an input that does not exist",
  },
  DC1609: {
    name: "input.type",
    severity: "error",
    title: "An input's value has the wrong type or is no option",
  },
  DC1610: {
    name: "include.digest_differs",
    severity: "error",
    title: "A pinned file has other bytes than its digest says",
  },
  DC1611: {
    name: "include.unreachable",
    severity: "error",
    title: "The repository of a pinned file cannot be read",
  },
  DC1612: {
    name: "include.not_allowed",
    severity: "error",
    title: "A pipeline includes from a repository that is not allowed here",
  },
  DC1613: {
    name: "include.file_missing",
    severity: "error",
    title: "The repository of a pinned file has no such file",
  },
  DC1614: {
    name: "catalogue.unknown",
    severity: "error",
    title: "There is no template of this name in the catalogue",
  },
  DC1615: {
    name: "include.local_in_pinned",
    severity: "error",
    title: "A file from elsewhere includes a file of the repository",
  },
  DC1616: {
    name: "include.two_digests",
    severity: "error",
    title: "One pinned file is included with two digests",
  },
  DC1701: {
    name: "component.name_ambiguous",
    severity: "warning",
    title: "Two components have the same name",
  },
  DC1702: { name: "manifest.unreadable", severity: "warning", title: "A manifest cannot be read" },
  DC1703: { name: "component.unknown", severity: "error", title: "A name is no component's" },
  DC1704: { name: "path.unowned", severity: "error", title: "A changed path belongs to no component" },
  DC1705: {
    name: "component.glob_no_match",
    severity: "warning",
    title: "A glob fits no component",
  },
  DC1801: {
    name: "import.left_out",
    severity: "warning",
    title: "A part of the imported file could not be converted",
  },
  DC1802: {
    name: "import.changed",
    severity: "warning",
    title: "A part of the imported file means something else after its conversion",
  },
  DC1901: {
    name: "need.left_out",
    severity: "warning",
    title: "A needed job may be left out, which blocks the one that needs it",
  },
  DC1902: { name: "glob.no_file", severity: "warning", title: "A glob matches no file in the repository" },
  DC1903: { name: "job.never_runs", severity: "warning", title: "A job can never run" },
  DC1904: {
    name: "check.name_changes",
    severity: "warning",
    title: "A required check has another name in every run",
    retired: true,
  },
  DC1905: {
    name: "glob.globstar_in_name",
    severity: "warning",
    title: "Two stars beside other characters mean one star",
  },
  DC1906: {
    name: "glob.exclusion_first",
    severity: "warning",
    title: "An exclusion stands before the globs it should narrow",
  },
  DC1907: {
    name: "rule.shadowed",
    severity: "warning",
    title: "A rule never decides, as an earlier one does",
  },
  DC1908: {
    name: "check.of_component",
    severity: "warning",
    title: "A required check is there for affected components alone",
  },
  DC1909: {
    name: "trigger.new_commits_skipped",
    severity: "warning",
    title: "New commits of a pull request start nothing",
  },
  DC1910: {
    name: "secret.reached_by_forks",
    severity: "warning",
    title: "A job that asks for a secret is reached by pull requests from forks",
  },
} as const satisfies Record<string, DiagnosticCodeEntry>;

export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES;
