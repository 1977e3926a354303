/** The git reader's only door: no database, no HTTP. Used by the server and by the CLI. */
export { readAffectedInput, readCompileInput, resolveCommit } from "./compile-input.ts";
export { GitError, type GitErrorCode } from "./git-error.ts";
export type { BaseRequest, GitRepository, ReadRequest } from "./model.ts";
export { completePinned } from "./complete-pinned.ts";
export { PinnedLoader } from "./pinned-loader.ts";
export { personRoutes } from "./pinned-routes.ts";
export { openRepository } from "./repository.ts";
export { worktreeCommit } from "./worktree-commit.ts";
