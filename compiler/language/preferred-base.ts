import { Report } from "../diagnostics/report.ts";
import { PIPELINE_FILE, type TreeSnapshot } from "../input.ts";
import { NO_PINNED, type PinnedFiles } from "../pinned.ts";
import { readFiles } from "./include-files.ts";
import { lowerChanges } from "./lower-components.ts";
import { Origins } from "./origins.ts";

/**
 * What `changes.base` of a commit's pipeline asks to be compared with: `auto`, `merge_base`, `last_green` or a
 * ref. Needed before a compile, whose change set it shapes; a pipeline that cannot be read asks for `auto`, and
 * the compile says what is wrong with it.
 */
export function preferredBase(head: TreeSnapshot, pinned: PinnedFiles = NO_PINNED): string {
  if (!head.contents.has(PIPELINE_FILE)) return "auto";
  const report = new Report();
  const { root } = readFiles(PIPELINE_FILE, { head, pinned, tellsDigests: false }, report, new Origins());
  return (root && lowerChanges(root).base?.value) ?? "auto";
}
