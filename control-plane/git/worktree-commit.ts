import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
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
    const inIndex = async (...args: string[]): Promise<string> => {
      const { stdout } = await askGit(repository, { arguments: args, environment });
      return stdout.toString("utf8").trim();
    };
    await inIndex("add", "--all");
    const tree = await inIndex("write-tree");
    return await commitOf(repository, tree);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A copy keeps what git remembers of file times, so that unchanged files are not read again. */
async function copyIndex(repository: GitRepository, target: string): Promise<void> {
  const { stdout } = await askGit(repository, { arguments: ["rev-parse", "--git-path", "index"] });
  const path = stdout.toString("utf8").replace(/\n$/, "");
  const index = isAbsolute(path) ? path : join(repository.path, path);
  await copyFile(index, target).catch((error: NodeJS.ErrnoException) => {
    // A repository without a first `git add` has no index yet.
    if (error.code !== "ENOENT") throw error;
  });
}

async function commitOf(repository: GitRepository, tree: string): Promise<string> {
  const head = await readHead(repository);
  if (head?.tree === tree) return head.commit;
  const date = `@${head?.seconds ?? 0} +0000`;
  const { stdout } = await askGit(repository, {
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
  return stdout.toString("utf8").trim();
}

/** HEAD's commit, tree and committer time in seconds; null before the first commit. */
async function readHead(
  repository: GitRepository,
): Promise<{ commit: string; tree: string; seconds: number } | null> {
  const { stdout, exitCode } = await askGit(repository, {
    arguments: ["log", "-1", "--format=%H %T %ct", "HEAD", "--"],
    accepted: [128],
  });
  const [commit, tree, seconds] = stdout.toString("utf8").trim().split(" ");
  if (exitCode !== 0 || commit === undefined || tree === undefined) return null;
  return { commit, tree, seconds: Number(seconds) };
}
