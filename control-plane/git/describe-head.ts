import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pushEvent, type PipelineEvent } from "../../schemas/event.ts";
import { askText } from "./ask-text.ts";
import { GitError } from "./git-error.ts";
import { failure } from "./git-process.ts";
import type { GitRepository } from "./model.ts";
import type { ObjectReader } from "./object-reader.ts";

/** Names a repository most likely has for its default branch when nothing says which one it is. */
const COMMON_DEFAULT_BRANCHES = ["main", "master", "trunk"];

/**
 * The event that a person at a clone means by "plan this commit": a push of it, told without a
 * `before`, to the branch it was named by.
 */
export async function describeHead(
  repository: GitRepository,
  objects: ObjectReader,
  revision: string,
  head: string,
): Promise<PipelineEvent> {
  const [ref, defaultBranch] = await Promise.all([
    fullRef(repository, objects, revision, head),
    findDefaultBranch(repository, objects),
  ]);
  return pushEvent({ ref, head, default_branch: defaultBranch });
}

/** The branch or tag that the revision names; the commit itself when it names neither. */
async function fullRef(
  repository: GitRepository,
  objects: ObjectReader,
  revision: string,
  head: string,
): Promise<string> {
  if (revision === "HEAD" || revision === "@") return (await symbolicRef(repository, "HEAD")) ?? head;
  const candidates = [`refs/heads/${revision}`, `refs/tags/${revision}`];
  const named = revision.startsWith("refs/") ? [revision] : candidates;
  const found = await objects.readAll(named.map((ref) => `${ref}^{commit}`));
  return named.find((_, index) => found[index]?.id === head) ?? head;
}

async function findDefaultBranch(repository: GitRepository, objects: ObjectReader): Promise<string | null> {
  const remote = await symbolicRef(repository, "refs/remotes/origin/HEAD");
  if (remote !== null) return remote.replace(/^refs\/remotes\/origin\//, "");
  if (repository.bare) return (await symbolicRef(repository, "HEAD"))?.replace(/^refs\/heads\//, "") ?? null;
  const names = COMMON_DEFAULT_BRANCHES.flatMap((name) => [
    { name, ref: `refs/remotes/origin/${name}` },
    { name, ref: `refs/heads/${name}` },
  ]);
  const found = await objects.readAll(names.map(({ ref }) => `${ref}^{commit}`));
  return names.find((_, index) => (found[index] ?? null) !== null)?.name ?? null;
}

/** What a ref stands for; null when it stands for no other ref, or is not there. */
async function symbolicRef(repository: GitRepository, name: string): Promise<string | null> {
  const { gitFolder } = repository;
  return gitFolder === null ? await askForRef(repository, name) : await readRef(gitFolder, name);
}

/** A ref that stands for another is always a file of its own. */
async function readRef(gitFolder: string, name: string): Promise<string | null> {
  const text = await readFile(join(gitFolder, name), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return "";
    throw new GitError("git_failed", `${name} cannot be read in ${gitFolder}`, { cause: error });
  });
  return /^ref:\s*(\S.*?)\s*$/.exec(text)?.[1] ?? null;
}

async function askForRef(repository: GitRepository, name: string): Promise<string | null> {
  const args = ["symbolic-ref", name];
  const { text, stderr, exitCode } = await askText(repository, { arguments: args, accepted: [128] });
  if (exitCode === 0) return text.trim();
  // Asked with --quiet git would say nothing, which takes simple-git longer to believe.
  if (stderr.includes("is not a symbolic ref")) return null;
  throw failure(repository.path, args, exitCode, stderr);
}
