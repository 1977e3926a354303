import { Report } from "../diagnostics/report.ts";
import { PIPELINE_FILE, type TreeSnapshot } from "../input.ts";
import { readFiles } from "../language/include-files.ts";
import { Origins } from "../language/origins.ts";
import type { PinnedFiles, PinnedRequest } from "../pinned.ts";

/**
 * The files of other repositories that a commit's configuration asks for, of those that are not among the
 * known. A file that is brought may ask for others: ask again until nothing is wanted.
 */
export function wantedPinned(head: TreeSnapshot, pinned: PinnedFiles): readonly PinnedRequest[] {
  const sources = { head, pinned, tellsDigests: false };
  return readFiles(PIPELINE_FILE, sources, new Report(), new Origins()).missing;
}
