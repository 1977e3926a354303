import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { BatchAnswers, type GitObject } from "./batch-answers.ts";
import { GitError } from "./git-error.ts";
import { asGitError, collectStderr, failure, spawnGit } from "./git-process.ts";
import type { GitRepository } from "./model.ts";

/** Objects larger than this are passed over: no manifest, lockfile or configuration comes near it. */
const OBJECT_BYTES_MAX = 64 * 1024 * 1024;
/** The longest revision anybody writes; git's own limit for a ref name is lower. */
const REVISION_CHARACTERS_MAX = 4_096;
/** Longest wait between two pieces of an answer. */
const SILENCE_MS_MAX = 60_000;
const ARGUMENTS = ["cat-file", "--batch"];

interface Waiting {
  readonly resolve: (object: GitObject | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One `git cat-file --batch` for a whole plan: it resolves revisions and reads objects, in the order
 * asked. Revisions travel over stdin, so none can be taken for an option.
 */
export class ObjectReader implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: Waiting[] = [];
  readonly #closed: Promise<void>;
  #failure: { readonly error: unknown } | null = null;
  #silence: NodeJS.Timeout | null = null;

  constructor(repository: GitRepository, signal?: AbortSignal) {
    this.#child = spawnGit(repository, { arguments: ARGUMENTS });
    const stderr = collectStderr(this.#child);
    const answers = new BatchAnswers(OBJECT_BYTES_MAX, (object) => this.#waiting.shift()?.resolve(object));
    const cancel = (): void => this.#stop(new GitError("canceled", "reading git objects was canceled"));
    this.#child.stdin.on("error", () => undefined);
    this.#child.stdout.on("data", (chunk: Buffer) => {
      answers.push(chunk);
      this.#watchSilence();
    });
    this.#child.on("error", (error) => this.#fail(asGitError(error, repository.path)));
    this.#closed = new Promise((done) => {
      this.#child.on("close", (code) => {
        this.#fail(failure(repository.path, ARGUMENTS, code ?? -1, stderr()));
        signal?.removeEventListener("abort", cancel);
        done();
      });
    });
    if (signal?.aborted === true) cancel();
    else signal?.addEventListener("abort", cancel, { once: true });
  }

  /** The objects of these names, null for one that does not exist. A name is an id or a revision. */
  async readAll(names: readonly string[]): Promise<(GitObject | null)[]> {
    if (this.#failure !== null) throw this.#failure.error;
    const answers = names.map((name) => (isAskable(name) ? this.#ask() : Promise.resolve(null)));
    this.#child.stdin.write(
      names
        .filter(isAskable)
        .map((name) => `${name}\n`)
        .join(""),
    );
    this.#watchSilence();
    return await Promise.all(answers);
  }

  async read(name: string): Promise<GitObject | null> {
    return (await this.readAll([name]))[0] ?? null;
  }

  #ask(): Promise<GitObject | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  #watchSilence(): void {
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#silence = null;
    if (this.#waiting.length === 0 || this.#failure !== null) return;
    const message = `git cat-file was silent for ${SILENCE_MS_MAX / 1000} s`;
    this.#silence = setTimeout(() => this.#stop(new GitError("timed_out", message)), SILENCE_MS_MAX);
  }

  #stop(error: GitError): void {
    this.#fail(error);
    this.#child.kill("SIGKILL");
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure.error);
    this.#watchSilence();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end();
    await this.#closed;
  }
}

/** A control character could end the line and ask for a second object; no revision holds one. */
function isAskable(name: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return name !== "" && name.length <= REVISION_CHARACTERS_MAX && !/[\0-\x1f\x7f]/.test(name);
}
