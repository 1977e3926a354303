import {
  type PinnedAnswer,
  type PinnedFiles,
  pinnedKey,
  type PinnedRequest,
  type TreeSnapshot,
  wantedPinned,
} from "../../compiler/index.ts";

/** Rounds of "which further files do these name"; includes nest less deep. */
const ROUNDS_MAX = 16;

/** Asks for what a commit's configuration wants, and for what that wants, until nothing is missing. */
export async function completePinned(
  tree: TreeSnapshot,
  known: PinnedFiles,
  load: (request: PinnedRequest) => Promise<PinnedAnswer>,
): Promise<PinnedFiles> {
  let files = known;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const wanted = wantedPinned(tree, files);
    if (wanted.length === 0) break;
    const answered = await Promise.all(
      wanted.map(async (request) => [pinnedKey(request), { request, answer: await load(request) }] as const),
    );
    files = new Map([...files, ...answered]);
  }
  return files;
}
