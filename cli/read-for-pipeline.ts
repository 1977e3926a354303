import { preferredBase, wantedContents } from "../compiler/index.ts";
import { completePinned, type GitRepository, type ReadRequest } from "../control-plane/git/index.ts";
import { pinnedHere } from "./pinned-here.ts";

/** What of a commit is read, files of other repositories included, and which base its pipeline asks for. */
export function readForPipeline(repository: GitRepository) {
  const load = pinnedHere(repository);
  return {
    wanted: wantedContents,
    // Which run was green last only a control plane knows.
    baseRequest: (head, pinned) => ({ prefer: preferredBase(head, pinned), lastGreen: null }),
    pinned: (tree, known) => completePinned(tree, known, load),
  } as const satisfies ReadRequest;
}
