import type { GitObject } from "./batch-answers.ts";
import { GitError } from "./git-error.ts";
import type { ObjectReader } from "./object-reader.ts";

/** Commits asked for at once: going back one by one would wait for git at every step. */
const STEPS = 16;

/** Of one commit with its message. Git keeps each that it goes back over, and hundreds may be gone back over. */
const BYTES_MAX = 1024 * 1024;

/** What a commit object says of its place in history. */
export interface CommitFacts {
  readonly id: string;
  /** As recorded; in a shallow repository they may not be here. */
  readonly parents: readonly string[];
  /** When it was committed, in seconds. Anybody may write anything here. */
  readonly seconds: number;
}

/** The commits of one plan, each read once, with some of those before it. Throws GitError `too_large`. */
export class CommitReader {
  readonly #objects: ObjectReader;
  readonly #commits = new Map<string, CommitFacts>();

  constructor(objects: ObjectReader) {
    this.#objects = objects;
  }

  /** Full id of the commit a revision names, null when there is none. */
  async resolve(revision: string): Promise<string | null> {
    return this.#keep(await this.#objects.read(`${revision}^{commit}`))?.id ?? null;
  }

  /** null when it is not here. */
  async read(id: string): Promise<CommitFacts | null> {
    return this.#commits.get(id) ?? this.#keep(await this.#objects.read(id));
  }

  /** The same for going back from here: commits before it by first parents are read on the way. */
  async readBack(id: string): Promise<CommitFacts | null> {
    const known = this.#commits.get(id);
    if (known !== undefined) return known;
    const names = Array.from({ length: STEPS }, (_, step) => `${id}~${step}`);
    let first: CommitFacts | null = null;
    // None is held until all are here: together they may be large.
    await this.#objects.readEach(names, (object, step) => {
      const commit = this.#keep(object);
      if (step === 0) first = commit;
    });
    return first;
  }

  #keep(object: GitObject | null): CommitFacts | null {
    if (object?.type !== "commit") return null;
    if (object.content === null || object.content.length > BYTES_MAX) {
      throw new GitError("too_large", `the commit ${object.id} has more than ${BYTES_MAX} bytes`);
    }
    const commit = { id: object.id, ...factsOf(object.content) };
    this.#commits.set(commit.id, commit);
    return commit;
  }
}

/** Reads the header of a commit object. */
export function factsOf(commit: Buffer): Omit<CommitFacts, "id"> {
  const end = commit.indexOf("\n\n");
  const header = commit.subarray(0, end < 0 ? commit.length : end).toString("latin1");
  const parents = Array.from(header.matchAll(/^parent ([0-9a-f]{40,64})$/gm), ([, id]) => id ?? "");
  const seconds = /^committer .*> (\d{1,15})(?: |$)/m.exec(header)?.[1] ?? "0";
  return { parents, seconds: Number(seconds) };
}
