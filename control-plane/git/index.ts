/** The git reader's only door: no database, no HTTP. Used by the server and by the CLI. */
export type { AffectedSources, BaseRequest, CompileSources, GitRepository, ReadRequest } from "./model.ts";
import type { AffectedSources, CompileSources, GitRepository, ReadRequest } from "./model.ts";

/** Signatures of what this door exports. All of them throw GitError for the outside world's faults. */
export interface GitReaderDoor {
  openRepository(path: string): Promise<GitRepository>;
  /** Full commit id of a revision; GitError `unknown_revision` names it. */
  resolveCommit(repository: GitRepository, revision: string): Promise<string>;
  readCompileInput(repository: GitRepository, request: ReadRequest): Promise<CompileSources>;
  readAffectedInput(repository: GitRepository, request: ReadRequest): Promise<AffectedSources>;
  /** A commit object of the working tree on top of HEAD; index, HEAD and refs stay as they are. */
  worktreeCommit(repository: GitRepository): Promise<string>;
}
