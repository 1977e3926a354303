import { isWantedContent } from "../../compiler/index.ts";
import { discoveredAlone } from "../../compiler/plan/discovered-alone.ts";
import { readCompileInput, worktreeCommit } from "../../control-plane/git/index.ts";
import type { Component } from "../../schemas/components.ts";
import { openHere, readingGit } from "../repository.ts";

/** The working tree as a commit of all of it would be: tracked files and untracked ones that are not ignored. */
export interface Here {
  readonly paths: readonly string[];
  /** What the manifests say; a pipeline that is there counts for nothing. */
  readonly components: readonly Component[];
  /** The text of a manifest. */
  readonly text: (path: string) => string | null;
}

export async function readHere(): Promise<Here> {
  const repository = await openHere();
  return readingGit(async () => {
    const commit = await worktreeCommit(repository);
    const read = { head: commit, base: commit, wanted: isWantedContent };
    const { head, changes } = await readCompileInput(repository, read);
    const bytes = (path: string) => head.contents.get(path);
    return {
      paths: [...head.entries.keys()],
      components: discoveredAlone({ head, base: null, changes }).headGraph.components,
      text: (path) => (bytes(path) === undefined ? null : new TextDecoder().decode(bytes(path))),
    };
  });
}
