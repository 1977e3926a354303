import { quote } from "../diagnostics/quote.ts";
import type { Report } from "../diagnostics/report.ts";
import type { YamlEntry } from "../yaml/nodes.ts";

/** Short enough for a check's name and a Nomad job id with the attempt behind it. */
export const JOB_ID_CHARACTERS_MAX = 63;
const JOB_ID = new RegExp(`^[a-z][a-z0-9_-]{0,${JOB_ID_CHARACTERS_MAX - 1}}$`);

/** Ids that would read as something else in a plan, an expression, a command line or JavaScript. */
export const RESERVED_JOB_IDS: ReadonlySet<string> = new Set([
  "__proto__",
  "all",
  "constructor",
  "defaults",
  "none",
  "pipeline",
  "prototype",
  "run",
]);

export function checkJobId({ key, keySpan }: YamlEntry, report: Report): void {
  if (RESERVED_JOB_IDS.has(key)) {
    report.add("DC1202", keySpan, `The job id \`${key}\` is reserved; choose another one`);
  } else if (!JOB_ID.test(key)) {
    const form = "must start with a letter a-z and have at most 63 of a-z, 0-9, `_` and `-`";
    report.add("DC1201", keySpan, `The job id ${quote(key)} ${form}`);
  }
}
