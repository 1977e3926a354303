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

/** What becomes of an answer: null stands for a name that names nothing. */
type Take = (object: GitObject | null, index: number) => void;

/** Names that were asked for at once. */
interface Request {
  readonly names: readonly string[];
  /** False where git is not asked for some of them. */
  readonly isWhole: boolean;
  readonly take: Take;
  /** Rejects with what `take` throws, too. */
  readonly done: PromiseWithResolvers<void>;
  /** How many of the names have their answer. */
  answered: number;
  /** True once `take` threw: what else comes is not shown to it. */
  failed: boolean;
}

/**
 * One `git cat-file` for a whole plan: it resolves revisions and reads objects, in the order asked.
 * Revisions travel over stdin, so none can be taken for an option.
 */
export class ObjectReader implements AsyncDisposable {
  readonly #repository: GitRepository;
  readonly #closed = Promise.withResolvers<void>();
  /** Those that wait for answers, in the order asked. */
  #requests: Request[] = [];
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
    const objects: (GitObject | null)[] = [];
    await this.readEach(names, (object) => objects.push(object));
    return objects;
  }

  /** The same, each handed over as it comes, in the order of the names, until all are. */
  async readEach(names: readonly string[], take: Take): Promise<void> {
    if (this.#failure !== null) throw this.#failure.error;
    const isWhole = names.every(isAskable);
    const done = Promise.withResolvers<void>();
    const request: Request = { names, isWhole, take, done, answered: 0, failed: false };
    this.#requests.push(request);
    this.#passOver(request);
    this.#write(names);
    this.#watchSilence();
    await done.promise;
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
    for (const { names, answered } of this.#requests) this.#write(names.slice(answered));
    if (this.#ended) this.#child.stdin.end();
  }

  #write(names: readonly string[]): void {
    const questions = names.filter(isAskable).map(this.#protocol.question);
    if (questions.length > 0) this.#child.stdin.write(questions.join("") + this.#protocol.flush);
  }

  #answer(object: GitObject | null): void {
    const [request] = this.#requests;
    if (request === undefined) return;
    handOver(request, object);
    this.#passOver(request);
  }

  /** Answers what git is not asked, and ends the request when nothing is left of it. */
  #passOver(request: Request): void {
    const { names, isWhole, done } = request;
    if (isWhole && request.answered < names.length) return;
    for (let name = names[request.answered]; name !== undefined; name = names[request.answered]) {
      if (isAskable(name)) return;
      handOver(request, null);
    }
    this.#requests = this.#requests.filter((one) => one !== request);
    done.resolve();
  }

  #watchSilence(): void {
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#silence = null;
    if (this.#requests.length === 0 || this.#failure !== null) return;
    const message = `git cat-file was silent for ${SILENCE_MS_MAX / 1000} s`;
    this.#silence = setTimeout(() => this.#stop(new GitError("timed_out", message)), SILENCE_MS_MAX);
  }

  #stop(error: GitError): void {
    this.#fail(error);
    this.#child.kill("SIGKILL");
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    for (const { done } of this.#requests) done.reject(this.#failure.error);
    this.#requests = [];
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

function handOver(request: Request, object: GitObject | null): void {
  const index = request.answered;
  request.answered += 1;
  if (request.failed) return;
  try {
    request.take(object, index);
  } catch (error) {
    request.failed = true;
    request.done.reject(error);
  }
}

/** A control character could end the line and ask for a second object; no revision holds one. */
function isAskable(name: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return name !== "" && name.length <= REVISION_CHARACTERS_MAX && !/[\0-\x1f\x7f]/.test(name);
}
