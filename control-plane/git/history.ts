import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { askText } from "./ask-text.ts";
import type { GitObject } from "./batch-answers.ts";
import { askGit } from "./git-process.ts";
import { GitError } from "./git-error.ts";
import type { GitRepository } from "./model.ts";
import type { ObjectReader } from "./object-reader.ts";

/** Commits looked back at before git is asked where two lines meet: most pushes are shorter, and one look costs little. */
const STEPS_BACK_MAX = 16;

/** Where two lines of history meet. */
export interface Meeting {
  /** null when they share no commit that is here. */
  readonly commit: string | null;
  /** How many equally good meeting points there are; git's first is taken. */
  readonly count: number;
  /** False when history is cut off between here and there, so that a better one may exist. */
  readonly complete: boolean;
}

/** What the base ladder asks about a repository's commits. */
export interface History {
  readonly shallow: boolean;
  /** Full id of the commit a revision names, null when there is none. */
  commit(revision: string): Promise<string | null>;
  /** Ids of the parents as the commit records them; they may be missing from a shallow repository. */
  parents(commit: string): Promise<readonly string[]>;
  meeting(one: string, other: string): Promise<Meeting>;
}

export function historyOf(repository: GitRepository, objects: ObjectReader, signal?: AbortSignal): History {
  /** True when the later commit is the earlier one, or soon comes to it by first parents: then they meet there. */
  const isReached = async (earlier: string, later: string): Promise<boolean> => {
    let at: string | undefined = later;
    for (let step = 0; step <= STEPS_BACK_MAX && at !== undefined; step += 1) {
      if (at === earlier) return true;
      const commit: GitObject | null = await objects.read(at);
      at = commit?.content && commit.type === "commit" ? parentsOf(commit.content)[0] : undefined;
    }
    return false;
  };
  return {
    shallow: repository.shallow,
    async commit(revision) {
      return (await objects.read(`${revision}^{commit}`))?.id ?? null;
    },
    async parents(commit) {
      const object = await objects.read(commit);
      if (object?.type !== "commit" || object.content === null) {
        throw new GitError("corrupt", `commit ${commit} cannot be read in ${repository.path}`);
      }
      return parentsOf(object.content);
    },
    async meeting(one, other) {
      if (await isReached(one, other)) return { commit: one, count: 1, complete: true };
      const { text } = await askText(repository, {
        arguments: ["merge-base", "--all", "--end-of-options", one, other],
        accepted: [1],
        signal,
      });
      const commits = text.split("\n").filter(Boolean);
      const commit = commits[0] ?? null;
      const complete = !repository.shallow || (await isComplete(repository, one, other, commit, signal));
      return { commit, count: commits.length, complete };
    },
  };
}

/** Parent ids in the header of a commit object, in order. */
export function parentsOf(commit: Buffer): string[] {
  const end = commit.indexOf("\n\n");
  const header = commit.subarray(0, end < 0 ? commit.length : end).toString("latin1");
  return [...header.matchAll(/^parent ([0-9a-f]{40,64})$/gm)].map((match) => match[1] ?? "");
}

/**
 * A meeting point is certain when no commit where history was cut lies between it and the two tips:
 * any better one would have been reached through commits that are all here.
 */
async function isComplete(
  repository: GitRepository,
  one: string,
  other: string,
  meeting: string | null,
  signal?: AbortSignal,
): Promise<boolean> {
  if (meeting === null) return false;
  const cut = await readCutCommits(repository);
  const { stdout } = await askGit(repository, {
    arguments: ["rev-list", "--end-of-options", one, other, `^${meeting}`],
    signal,
  });
  return !stdout
    .toString("latin1")
    .split("\n")
    .some((commit) => cut.has(commit));
}

async function readCutCommits(repository: GitRepository): Promise<Set<string>> {
  const { text } = await askText(repository, { arguments: ["rev-parse", "--git-path", "shallow"] });
  const file = resolve(repository.path, text.replace(/\n$/, ""));
  return new Set((await readFile(file, "latin1")).split("\n").filter(Boolean));
}
