import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { askText } from "./ask-text.ts";
import { userEnvironment } from "./git-environment.ts";
import { GitError } from "./git-error.ts";
import { askGit } from "./git-process.ts";
import type { GitRepository } from "./model.ts";

/**
 * A commit of the working tree as it is: tracked files and untracked ones that are not ignored, on
 * top of HEAD. Index, HEAD and refs stay as they are; git collects the commit when nothing uses it.
 * HEAD itself is returned when nothing differs. The same files give the same commit id.
 * Throws GitError `no_work_tree` for a bare repository.
 */
export async function worktreeCommit(repository: GitRepository): Promise<string> {
  if (repository.bare) {
    throw new GitError("no_work_tree", `${repository.path} is a bare repository: it has no working tree`);
  }
  const folder = await mkdtemp(join(tmpdir(), "delta-index-"));
  try {
    const index = join(folder, "index");
    await copyIndex(repository, index);
    // The person's own configuration decides line endings, filters and ignored files, as for `git add`.
    const environment = { ...userEnvironment(), GIT_INDEX_FILE: index };
    await askGit(repository, { arguments: ["add", "--all"], environment });
    const { text } = await askText(repository, { arguments: ["write-tree"], environment });
    return await commitOf(repository, text.trim());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A copy keeps what git remembers of file times, so that unchanged files are not read again. */
async function copyIndex(repository: GitRepository, target: string): Promise<void> {
  const { text } = await askText(repository, { arguments: ["rev-parse", "--git-path", "index"] });
  const index = resolve(repository.path, text.replace(/\n$/, ""));
  await copyFile(index, target).catch((error: NodeJS.ErrnoException) => {
    // A repository without a first `git add` has no index yet.
    if (error.code !== "ENOENT") throw error;
  });
}

async function commitOf(repository: GitRepository, tree: string): Promise<string> {
  const head = await readHead(repository);
  if (head?.tree === tree) return head.commit;
  const date = `@${head?.seconds ?? 0} +0000`;
  const { text } = await askText(repository, {
    arguments: [
      "commit-tree",
      "--no-gpg-sign",
      "-m",
      "Working tree",
      ...(head === null ? [] : ["-p", head.commit]),
      tree,
    ],
    environment: {
      ...userEnvironment(),
      GIT_AUTHOR_NAME: "Delta CI",
      GIT_AUTHOR_EMAIL: "delta@localhost",
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: "Delta CI",
      GIT_COMMITTER_EMAIL: "delta@localhost",
      GIT_COMMITTER_DATE: date,
    },
  });
  return text.trim();
}

/** HEAD's commit, tree and committer time in seconds; null before the first commit. */
async function readHead(
  repository: GitRepository,
): Promise<{ commit: string; tree: string; seconds: number } | null> {
  const { text, exitCode } = await askText(repository, {
    arguments: ["log", "-1", "--format=%H %T %ct", "HEAD", "--"],
    accepted: [128],
  });
  const [commit, tree, seconds] = text.trim().split(" ");
  if (exitCode !== 0 || commit === undefined || tree === undefined) return null;
  return { commit, tree, seconds: Number(seconds) };
}
