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

/** The run or the plan cannot go on. */
function error(name: string, title: string): DiagnosticCodeEntry {
  return { name, severity: "error", title };
}

/** Worth a look; nothing is refused. */
function warning(name: string, title: string): DiagnosticCodeEntry {
  return { name, severity: "warning", title };
}

/** Correct as it is; good to know. */
function note(name: string, title: string): DiagnosticCodeEntry {
  return { name, severity: "info", title };
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
  DC1001: error("pipeline.missing", "The commit has no pipeline file"),
  DC1002: error("pipeline.empty", "The pipeline file has no content"),
  DC1003: error("yaml.too_large", "A configuration file is larger than 500 KiB"),
  DC1004: error("yaml.encoding", "A configuration file is not UTF-8 text"),
  DC1005: error("yaml.syntax", "The text is not YAML"),
  DC1006: error("yaml.too_deep", "Maps and lists are nested more than 64 deep"),
  DC1007: error("yaml.too_many_keys", "One map has more than 10,000 keys, or one list as many items"),
  DC1008: error("yaml.alias_limit", "Anchors and aliases stand for too many values"),
  DC1009: error("yaml.alias_cycle", "An alias stands inside the value it names"),
  DC1010: error("yaml.alias_unknown", "An alias names no anchor before it"),
  DC1011: error("yaml.multi_document", "A file holds more than one YAML document"),
  DC1012: error("yaml.tab_indent", "A line is indented with a tab"),
  DC1014: error("yaml.tag_forbidden", "A YAML tag is not allowed"),
  DC1015: error("yaml.directive_forbidden", "A YAML directive is not allowed"),
  DC1016: error("yaml.key_invalid", "A key is not a plain word"),
  DC1017: error("yaml.too_complex", "A file has more than 250,000 tokens or 50,000 lines"),
  DC1018: error("yaml.duplicate_key", "A key is written twice in one map"),
  DC1019: error("yaml.merge_invalid", "A merge key takes something that is not a map"),
  DC1101: error("key.unknown", "A key is not part of the language"),
  DC1102: error("key.missing", "A required key is missing"),
  DC1103: error("type.mismatch", "A value has the wrong type"),
  DC1104: error("type.expected_string", "A number or boolean stands where text is meant"),
  DC1105: error("value.not_allowed", "A value is not one of those allowed"),
  DC1106: error("value.out_of_range", "A value is too small, too large, too short or too long"),
  DC1107: error("value.malformed", "A text does not have the form that is expected"),
  DC1108: error("duration.invalid", "A duration is malformed or out of range"),
  DC1109: error("size.invalid", "A size is malformed or out of range"),
  DC1110: {
    ...error("key.unsupported", "A key or value of the language is not supported yet"),
    retired: true,
  },
  DC1111: error("key.conflict", "Two keys are written that exclude each other"),
  DC1112: error("path.outside_repository", "A folder is not inside the repository"),
  DC1113: error("schedule.invalid", "A schedule's cron fields or time zone are malformed"),
  DC1150: error("rule.unknown_var", "A rule sets a value that is not declared under vars"),
  DC1151: error("rule.var_type", "A rule sets a value of another type than declared"),
  DC1152: error("input.other_type", "An input has another type for people than for every event"),
  DC1153: error("policy.past_ceiling", "A job asks for more than a policy allows"),
  DC1154: error(
    "policy.not_allowed",
    "A job asks for a pool, an isolation or a network that a policy does not allow",
  ),
  DC1155: error("policy.image_not_allowed", "A policy does not allow an image"),
  DC1156: error("policy.image_unpinned", "A policy asks for images that are pinned by digest"),
  DC1120: error("needs.misread", "A needed job's result or output is read where or how it cannot be"),
  DC1121: error("secret.in_expression", "An expression reads a secret"),
  DC1122: error("needs.not_needed", "A result or output is read of a job that is not needed"),
  DC1123: error("needs.several", "A result or output is read of a job that runs as several instances"),
  DC1124: error("output.unknown", "An output is read that the needed job does not have"),
  DC1125: error("artifact.unknown", "An artifact is asked for that the needed job does not have"),
  DC1126: error("name.taken", "Two things of a job have the same name"),
  DC1127: error("variable.taken", "A variable is both in env and given by a secret or an identity token"),
  DC1128: error("path.outside_checkout", "An artifact or a cache has a path that is not in the checkout"),
  DC1129: error("approval.too_few", "More people must approve than may"),
  DC1140: error("run.not_carried_out", "A job asks for something that this server does not carry out"),
  DC1141: warning(
    "run.not_carried_out_harmless",
    "A job asks for something that this server leaves out, without harm",
  ),
  DC1201: error("job.name_invalid", "A job id has characters that are not allowed"),
  DC1202: error("job.name_reserved", "A job id is reserved"),
  DC1203: error("graph.missing_need", "A job needs one that the pipeline does not have"),
  DC1204: error("graph.cycle", "Jobs need each other in a circle"),
  DC1205: error("graph.too_large", "A pipeline has more jobs, or needs between them, than a plan may have"),
  DC1206: error("graph.duplicate_need", "A job needs another one twice"),
  DC1207: error("plan.too_large", "A plan has more text in it than a plan may have"),
  DC1251: error("request.unknown_job", "The job asked for does not exist"),
  DC1301: error("expr.syntax", "The text is not an expression"),
  DC1302: error("expr.unknown_name", "An expression reads a name that does not exist"),
  DC1303: error("expr.type", "An expression uses a value of the wrong type"),
  DC1304: error("expr.unknown_function", "An expression calls a function that does not exist"),
  DC1305: error("expr.arguments", "A function is called with the wrong number of arguments"),
  DC1306: error("expr.untrusted_in_script", "A value that strangers choose is pasted into a script"),
  DC1307: error("expr.too_long", "An expression is longer than 4,096 characters"),
  DC1308: error("expr.no_value", "An expression cannot be worked out for this event"),
  DC1401: error("matrix.too_large", "A matrix has more than 256 cells"),
  DC1402: error("matrix.empty", "A matrix or one of its axes has no values"),
  DC1403: error("matrix.unknown_axis", "An exclusion names an axis that the matrix does not have"),
  DC1404: warning("matrix.exclude_nothing", "An exclusion matches no cell"),
  DC1405: error("matrix.duplicate_value", "An axis has the same value twice"),
  DC1501: error("glob.too_long", "A glob is longer than 512 characters"),
  DC1502: error("glob.expansion_limit", "A glob's braces stand for too many patterns"),
  DC1503: error("glob.extglob_unsupported", "Extended globs such as +(a) are not supported"),
  DC1504: error("glob.syntax_unsupported", "A character has no meaning in a glob"),
  DC1505: error("glob.outside_repo", "A glob points outside the repository"),
  DC1506: error("glob.matches_nothing", "A glob or a list of globs can match no path"),
  DC1507: error("glob.unbalanced", "A bracket or brace in a glob has no partner"),
  DC1508: error("glob.backslash", "A backslash in a glob is not a path separator"),
  DC1601: error("template.unknown", "A job extends a template that does not exist"),
  DC1602: error("template.cycle", "Templates extend each other in a circle"),
  DC1603: error("template.too_many", "A job takes in more than 32 templates"),
  DC1604: error("include.missing", "An included file does not exist or lies elsewhere"),
  DC1605: error("include.cycle", "Files include each other in a circle"),
  DC1606: error("include.too_many", "A pipeline includes too many files, or too deep"),
  DC1607: error("input.missing", "An input has no value and no default"),
  DC1608: error("input.unknown", "A value is given to an input that does not exist"),
  DC1609: error("input.type", "An input's value has the wrong type or is no option"),
  DC1610: error("include.digest_differs", "A pinned file has other bytes than its digest says"),
  DC1611: error("include.unreachable", "The repository of a pinned file cannot be read"),
  DC1612: error("include.not_allowed", "A pipeline includes from a repository that is not allowed here"),
  DC1613: error("include.file_missing", "The repository of a pinned file has no such file"),
  DC1614: error("catalogue.unknown", "There is no template of this name in the catalogue"),
  DC1615: error("include.local_in_pinned", "A file from elsewhere includes a file of the repository"),
  DC1616: error("include.two_digests", "One pinned file is included with two digests"),
  DC1701: warning("component.name_ambiguous", "Two components have the same name"),
  DC1702: warning("manifest.unreadable", "A manifest cannot be read"),
  DC1703: error("component.unknown", "A name is no component's"),
  DC1704: error("path.unowned", "A changed path belongs to no component"),
  DC1705: warning("component.glob_no_match", "A glob fits no component"),
  DC1801: warning("import.left_out", "A part of the imported file could not be converted"),
  DC1802: warning("import.changed", "A part of the imported file means something else after its conversion"),
  DC1803: error("import.refused", "What would come of an imported file does not compile"),
  DC1804: note("import.noted", "A part of the imported file differs in rare cases, or only in time"),
  DC1901: warning("need.left_out", "A needed job may be left out, which blocks the one that needs it"),
  DC1902: warning("glob.no_file", "A glob matches no file in the repository"),
  DC1903: warning("job.never_runs", "A job can never run"),
  DC1904: {
    name: "check.name_changes",
    severity: "warning",
    title: "A required check has another name in every run",
    retired: true,
  },
  DC1905: warning("glob.globstar_in_name", "Two stars beside other characters mean one star"),
  DC1906: warning("glob.exclusion_first", "An exclusion stands before the globs it should narrow"),
  DC1907: warning("rule.shadowed", "A rule never decides, as an earlier one does"),
  DC1908: warning("check.of_component", "A required check is there for affected components alone"),
  DC1909: warning("trigger.new_commits_skipped", "New commits of a pull request start nothing"),
  DC1910: warning(
    "secret.reached_by_forks",
    "A job that asks for a secret is reached by pull requests from forks",
  ),
} satisfies Record<string, DiagnosticCodeEntry>;

export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES;
