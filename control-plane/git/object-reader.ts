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
/** What git ends with when it does not know an option. */
const USAGE_EXIT_CODE = 129;

/** How questions are put. */
interface Protocol {
  readonly arguments: readonly string[];
  readonly question: (name: string) => string;
  /** Ends a group of questions: the answers are held back until then. */
  readonly flush: string;
}

/** Answers come in pieces of the pipe's size: half the CPU for 20,000 folders. */
const BUFFERED: Protocol = {
  arguments: ["cat-file", "--batch-command", "--buffer"],
  question: (name) => `contents ${name}\n`,
  flush: "flush\n",
};
/** For git older than 2.36: each answer is written by itself. */
const ONE_BY_ONE: Protocol = {
  arguments: ["cat-file", "--batch"],
  question: (name) => `${name}\n`,
  flush: "",
};

interface Waiting {
  readonly name: string;
  readonly resolve: (object: GitObject | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One `git cat-file` for a whole plan: it resolves revisions and reads objects, in the order asked.
 * Revisions travel over stdin, so none can be taken for an option.
 */
export class ObjectReader implements AsyncDisposable {
  readonly #repository: GitRepository;
  readonly #closed = Promise.withResolvers<void>();
  /** In the order asked. Those before `#answered` have their answer: to shift 20,000 of them would be slow. */
  #waiting: Waiting[] = [];
  #answered = 0;
  readonly #signal: AbortSignal | undefined;
  readonly #cancel = (): void => this.#stop(new GitError("canceled", "reading git objects was canceled"));
  #protocol = BUFFERED;
  #child: ChildProcessWithoutNullStreams;
  /** True once no further question is asked: the one who asked waits for nothing. */
  #ended = false;
  #failure: { readonly error: unknown } | null = null;
  #silence: NodeJS.Timeout | null = null;

  constructor(repository: GitRepository, signal?: AbortSignal) {
    this.#repository = repository;
    this.#signal = signal;
    this.#child = this.#start();
    if (signal?.aborted === true) this.#cancel();
    else signal?.addEventListener("abort", this.#cancel, { once: true });
  }

  /** The objects of these names, null for one that does not exist. A name is an id or a revision. */
  async readAll(names: readonly string[]): Promise<(GitObject | null)[]> {
    return await Promise.all(this.ask(names));
  }

  /** The same, each as it comes. All of them have to be waited for, or their failure to be heard. */
  ask(names: readonly string[]): Promise<GitObject | null>[] {
    const { error } = this.#failure ?? {};
    if (this.#failure !== null) return names.map(() => Promise.reject(error as Error));
    const answers = names.map((name) => (isAskable(name) ? this.#answerTo(name) : Promise.resolve(null)));
    this.#write(names.filter(isAskable));
    this.#watchSilence();
    return answers;
  }

  async read(name: string): Promise<GitObject | null> {
    return (await this.readAll([name]))[0] ?? null;
  }

  #start(): ChildProcessWithoutNullStreams {
    const { arguments: args } = this.#protocol;
    const child = spawnGit(this.#repository, { arguments: args });
    const stderr = collectStderr(child);
    const answers = new BatchAnswers(OBJECT_BYTES_MAX, (object) => this.#answer(object));
    child.stdin.on("error", () => undefined);
    child.stdout.on("data", (chunk: Buffer) => {
      answers.push(chunk);
      this.#watchSilence();
    });
    child.on("error", (error) => this.#fail(asGitError(error, this.#repository.path)));
    child.on("close", (code) => {
      const isOld = code === USAGE_EXIT_CODE && this.#protocol === BUFFERED && this.#failure === null;
      if (isOld) this.#startAgain();
      else this.#close(failure(this.#repository.path, args, code ?? -1, stderr()));
    });
    return child;
  }

  /** An older git has answered nothing, so everything is asked anew. */
  #startAgain(): void {
    this.#protocol = ONE_BY_ONE;
    this.#child = this.#start();
    this.#write(this.#unanswered().map(({ name }) => name));
    if (this.#ended) this.#child.stdin.end();
  }

  #write(names: readonly string[]): void {
    if (names.length === 0) return;
    this.#child.stdin.write(names.map(this.#protocol.question).join("") + this.#protocol.flush);
  }

  #answerTo(name: string): Promise<GitObject | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ name, resolve, reject });
    });
  }

  #answer(object: GitObject | null): void {
    const { resolve } = this.#waiting[this.#answered] ?? {};
    if (resolve === undefined) return;
    this.#answered += 1;
    if (this.#answered === this.#waiting.length) {
      this.#waiting = [];
      this.#answered = 0;
    }
    resolve(object);
  }

  #unanswered(): readonly Waiting[] {
    return this.#waiting.slice(this.#answered);
  }

  #watchSilence(): void {
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#silence = null;
    if (this.#waiting.length === this.#answered || this.#failure !== null) return;
    const message = `git cat-file was silent for ${SILENCE_MS_MAX / 1000} s`;
    this.#silence = setTimeout(() => this.#stop(new GitError("timed_out", message)), SILENCE_MS_MAX);
  }

  #stop(error: GitError): void {
    this.#fail(error);
    this.#child.kill("SIGKILL");
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    for (const { reject } of this.#unanswered()) reject(this.#failure.error);
    this.#waiting = [];
    this.#answered = 0;
    this.#watchSilence();
  }

  #close(error: GitError): void {
    this.#fail(error);
    this.#signal?.removeEventListener("abort", this.#cancel);
    this.#closed.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#child.stdin.end();
    await this.#closed.promise;
  }
}

/** A control character could end the line and ask for a second object; no revision holds one. */
function isAskable(name: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return name !== "" && name.length <= REVISION_CHARACTERS_MAX && !/[\0-\x1f\x7f]/.test(name);
}
