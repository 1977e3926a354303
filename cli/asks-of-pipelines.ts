import type { PinnedFiles, TreeSnapshot } from "../compiler/index.ts";
import { completePinned, type GitRepository } from "../control-plane/git/index.ts";
import { pinnedHere } from "./pinned-here.ts";

/** What a commit's pipeline asks for before it can be compiled: a base, and files of other repositories. */
export { preferredBase } from "../compiler/index.ts";

export async function pinnedFiles(
  repository: GitRepository,
  tree: TreeSnapshot,
  known: PinnedFiles,
): Promise<PinnedFiles> {
  return completePinned(tree, known, pinnedHere(repository));
}
