import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { askText } from "./ask-text.ts";
import { CommitReader } from "./commit-reader.ts";
import { askGit } from "./git-process.ts";
import { GitError } from "./git-error.ts";
import { findMeeting } from "./find-meeting.ts";
import type { GitRepository, ReadRequest } from "./model.ts";
import type { ObjectReader } from "./object-reader.ts";

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

export function historyOf(
  repository: GitRepository,
  objects: ObjectReader,
  { missing = [], signal }: Pick<ReadRequest, "missing" | "signal"> = {},
): History {
  const commits = new CommitReader(objects);
  return {
    shallow: repository.shallow,
    async commit(revision) {
      return missing.includes(revision) ? null : await commits.resolve(revision);
    },
    async parents(commit) {
      const found = await commits.read(commit);
      if (found === null) {
        throw new GitError("corrupt", `commit ${commit} cannot be read in ${repository.path}`);
      }
      return found.parents;
    },
    async meeting(one, other) {
      const found = await findMeeting(commits, one, other, repository.shallow);
      if (found !== null)
        return { commit: found.commit, count: found.commit === null ? 0 : 1, complete: true };
      const { text } = await askText(repository, {
        arguments: ["merge-base", "--all", "--end-of-options", one, other],
        accepted: [1],
        signal,
      });
      const met = text.split("\n").filter(Boolean);
      const commit = met[0] ?? null;
      // One that leads to the other is certain, whatever else is cut off.
      const isCertain = !repository.shallow || commit === one || commit === other;
      const complete = isCertain || (await isComplete(repository, one, other, commit, signal));
      return { commit, count: met.length, complete };
    },
  };
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
