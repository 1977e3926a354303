import { type PinnedFiles, type TreeSnapshot, isWantedContent } from "../compiler/index.ts";
import { PIPELINE_FILE } from "../compiler/input.ts";
import type * as AsksOfPipelines from "./asks-of-pipelines.ts";
import type { BaseRequest, GitRepository, ReadRequest } from "../control-plane/git/index.ts";

/**
 * What of a commit is read, files of other repositories included, and which base its pipeline asks for. What
 * reads pipelines is loaded when a commit has one: `pinned` is asked for the head before `baseRequest` is.
 */
export function readForPipeline(repository: GitRepository) {
  let asks: typeof AsksOfPipelines | null = null;
  return {
    wanted: isWantedContent,
    async pinned(tree: TreeSnapshot, known: PinnedFiles): Promise<PinnedFiles> {
      if (!tree.contents.has(PIPELINE_FILE)) return known;
      asks ??= await import("./asks-of-pipelines.ts");
      return await asks.pinnedFiles(repository, tree, known);
    },
    // Which run was green last only a control plane knows.
    baseRequest: (head: TreeSnapshot, pinned: PinnedFiles): BaseRequest => ({
      prefer: asks?.preferredBase(head, pinned) ?? "auto",
      lastGreen: null,
    }),
  } as const satisfies ReadRequest;
}
