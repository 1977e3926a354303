import {
  GitError,
  openRepository,
  type GitErrorCode,
  type GitRepository,
} from "../control-plane/git/index.ts";
import { CliFailure, type FailureCode } from "./failure.ts";

const MEANING: Readonly<Record<GitErrorCode, { code: FailureCode; hint: string | null }>> = {
  git_missing: { code: "git_failed", hint: null },
  not_a_repository: { code: "not_a_git_repository", hint: "Run it in one, or name one with -C DIR." },
  unsafe_ownership: { code: "git_failed", hint: null },
  unknown_revision: { code: "revision_unknown", hint: "Fetch it first, or name another revision." },
  ref_deleted: { code: "revision_unknown", hint: null },
  no_work_tree: { code: "not_a_git_repository", hint: null },
  too_large: { code: "git_failed", hint: null },
  timed_out: { code: "git_failed", hint: null },
  canceled: { code: "interrupted", hint: null },
  corrupt: { code: "git_failed", hint: "`git fsck` tells more." },
  not_fetched: {
    code: "git_failed",
    hint:
      "Have git fetch what it lacks: `git diff BASE HEAD >/dev/null` for what changed between two commits, " +
      "`git diff $(git hash-object -t tree /dev/null) HEAD >/dev/null` for a whole one.",
  },
  git_failed: { code: "git_failed", hint: null },
};

const FIRST_COMMIT = "Nothing is committed on this branch yet: make a first commit.";

/** The repository that this process stands in. */
export async function openHere(): Promise<GitRepository> {
  return readingGit(() => openRepository(process.cwd()));
}

/** Does work on a repository; what git could not do becomes a failure with a hint. */
export async function readingGit<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    if (error.code === "git_failed") await refuseOldGit(error);
    const { code, hint } = MEANING[error.code];
    const isUnborn = error.code === "unknown_revision" && error.message.startsWith('"HEAD" ');
    throw new CliFailure(code, error.message, isUnborn ? FIRST_COMMIT : hint, error);
  }
}

/** A git that is too old fails at an option that it does not know: its age is then what to say. */
async function refuseOldGit(cause: GitError): Promise<void> {
  const { GIT_MIN, gitVersion } = await import("./git-version.ts");
  const version = await gitVersion().catch(() => null);
  if (version === null || version.isEnough) return;
  const message = `${version.text} on PATH is too old; install git ${GIT_MIN} or newer`;
  throw new CliFailure("git_failed", message, null, cause);
}

/** The top folder of the working tree around this process. */
export async function workTreeHere(): Promise<string> {
  const { bare, path } = await openHere();
  if (!bare) return path;
  throw new CliFailure("not_a_git_repository", `${path} is a bare repository; a working tree is needed here`);
}
