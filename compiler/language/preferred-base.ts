import { Report } from "../diagnostics/report.ts";
import { PIPELINE_FILE, type TreeSnapshot } from "../input.ts";
import { readFiles } from "./include-files.ts";
import { lowerChanges } from "./lower-components.ts";
import { Origins } from "./origins.ts";

/**
 * What `changes.base` of a commit's pipeline asks to be compared with: `auto`, `merge_base`, `last_green` or a
 * ref. Needed before a compile, whose change set it shapes; a pipeline that cannot be read asks for `auto`, and
 * the compile says what is wrong with it.
 */
export function preferredBase(head: TreeSnapshot): string {
  if (!head.contents.has(PIPELINE_FILE)) return "auto";
  const report = new Report();
  const { root } = readFiles(PIPELINE_FILE, head, report, new Origins());
  return (root && lowerChanges(root).base?.value) ?? "auto";
}
