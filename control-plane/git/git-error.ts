/** What went wrong with git or with what was asked of it. The message names the thing and the place. */
export type GitErrorCode =
  | "git_missing"
  | "not_a_repository"
  | "unsafe_ownership"
  | "unknown_revision"
  | "ref_deleted"
  | "no_work_tree"
  | "too_large"
  | "timed_out"
  | "canceled"
  | "corrupt"
  | "not_fetched"
  | "git_failed";

export class GitError extends Error {
  override readonly name = "GitError";
  readonly code: GitErrorCode;

  constructor(code: GitErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
