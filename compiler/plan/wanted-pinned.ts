import { Report } from "../diagnostics/report.ts";
import { CONFIGURATION_FOLDER, PIPELINE_FILE, type TreeSnapshot } from "../input.ts";
import { readFiles } from "../language/include-files.ts";
import { Origins } from "../language/origins.ts";
import type { PinnedFiles, PinnedRequest } from "../pinned.ts";

/** The key that every such include has, as it is or, in quotes, with characters by number. */
const KEY = "repo";
const NUMBERED_CHARACTERS = ["\\x", "\\u", "\\U"];

/**
 * The files of other repositories that a commit's configuration asks for, of those that are not among the
 * known. A file that is brought may ask for others: ask again until nothing is wanted.
 */
export function wantedPinned(head: TreeSnapshot, pinned: PinnedFiles): readonly PinnedRequest[] {
  if (pinned.size === 0 && !mayAsk(head)) return [];
  const sources = { head, pinned, tellsDigests: false };
  return readFiles(PIPELINE_FILE, sources, new Report(), new Origins()).missing;
}

/** Most pipelines include nothing from elsewhere, and reading all of one takes half as long as planning it. */
function mayAsk({ contents }: TreeSnapshot): boolean {
  for (const path of contents.keys()) {
    const bytes = path.startsWith(CONFIGURATION_FOLDER) ? contents.get(path) : undefined;
    if (bytes === undefined) continue;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if ([KEY, ...NUMBERED_CHARACTERS].some((one) => text.includes(one))) return true;
  }
  return false;
}
