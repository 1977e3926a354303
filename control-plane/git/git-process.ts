import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { GitError } from "./git-error.ts";
import { hardenedSettings, readingEnvironment } from "./git-environment.ts";
import type { GitRepository } from "./model.ts";

/** One question to git. The slowest one here, a diff of 200,000 paths, takes about a second. */
const GIT_TIME_MS_MAX = 120_000;
/** Answer of one question. The tree of a million files is about 100 MB. */
const GIT_OUTPUT_BYTES_MAX = 512 * 1024 * 1024;
/** Kept of what git says on stderr; what a fetch says may go on for a while before it tells the cause. */
const STDERR_CHARACTERS_MAX = 16_384;
/** Of that, what an error message repeats. */
const SAID_CHARACTERS_MAX = 4_096;

/** Where git is started, and the folders it may take for safe. */
export type Place = Pick<GitRepository, "path" | "trusted">;

export interface GitQuestion {
  readonly arguments: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
  readonly outputBytesMax?: number;
  readonly signal?: AbortSignal | undefined;
  /** Exit codes besides 0 that are answers. */
  readonly accepted?: readonly number[] | "any";
  /** For commands that start others: those are ended with it. Such a group gets no Ctrl-C of a terminal. */
  readonly group?: boolean;
}

export interface GitAnswer {
  readonly stdout: Buffer;
  readonly stderr: string;
  /** -1 when a signal ended it. */
  readonly exitCode: number;
}

/** Starts git on a repository with its arguments as they are: no shell, no option made of data. */
export function spawnGit(
  place: Place,
  { arguments: args, environment, group = false }: Pick<GitQuestion, "arguments" | "environment" | "group">,
): ChildProcessWithoutNullStreams {
  const settings = hardenedSettings(place.trusted).flatMap((setting) => ["-c", setting]);
  return spawn("git", ["-C", place.path, "--no-pager", ...settings, ...args], {
    env: environment ?? readingEnvironment(),
    stdio: "pipe",
    detached: group,
    windowsHide: true,
  });
}

/** Asks git one thing and waits for the whole answer. Throws GitError for everything but an answer. */
export async function askGit(place: Place, question: GitQuestion): Promise<GitAnswer> {
  const { arguments: args, signal, accepted = [], timeoutMs = GIT_TIME_MS_MAX } = question;
  const bytesMax = question.outputBytesMax ?? GIT_OUTPUT_BYTES_MAX;
  const child = spawnGit(place, question);
  const stopped: { error: GitError | null } = { error: null };
  const stop = (code: GitError["code"], message: string): void => {
    stopped.error ??= new GitError(code, `git ${args[0] ?? ""} ${message}`);
    endGit(child, question.group === true);
  };
  const late = setTimeout(() => stop("timed_out", `gave no answer in ${timeoutMs / 1000} s`), timeoutMs);
  const cancel = (): void => stop("canceled", "was canceled");
  if (signal?.aborted === true) cancel();
  else signal?.addEventListener("abort", cancel, { once: true });
  const chunks: Buffer[] = [];
  let bytes = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytesMax) stop("too_large", `answered more than ${bytesMax} bytes`);
    else chunks.push(chunk);
  });
  const stderr = collectStderr(child);
  child.stdin.on("error", () => undefined);
  child.stdin.end();
  try {
    const [code] = (await once(child, "close")) as [number | null];
    if (stopped.error !== null) throw stopped.error;
    const exitCode = code ?? -1;
    if (exitCode !== 0 && accepted !== "any" && !accepted.includes(exitCode)) {
      throw failure(place.path, args, exitCode, stderr());
    }
    return { stdout: Buffer.concat(chunks), stderr: stderr(), exitCode };
  } catch (error) {
    throw asGitError(error, place.path);
  } finally {
    clearTimeout(late);
    signal?.removeEventListener("abort", cancel);
  }
}

/** Kills a git, with all that it started when it leads a group. */
export function endGit(child: ChildProcessWithoutNullStreams, group: boolean): void {
  if (!group || child.pid === undefined) {
    child.kill("SIGKILL");
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group has ended already.
  }
}

/** Reads stderr as it comes, so that the child never waits for us, and returns its beginning. */
export function collectStderr(child: ChildProcessWithoutNullStreams): () => string {
  let text = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (chunk: string) => {
    if (text.length < STDERR_CHARACTERS_MAX) text += chunk;
  });
  return () => text.slice(0, STDERR_CHARACTERS_MAX).trim();
}

/** The error for a git that ended without an answer. */
export function failure(path: string, args: readonly string[], exitCode: number, stderr: string): GitError {
  if (stderr.includes("dubious ownership")) {
    return new GitError(
      "unsafe_ownership",
      `${path} belongs to another user; if you trust it, run: git config --global --add safe.directory ${path}`,
    );
  }
  if (/not a git repository/i.test(stderr)) {
    return new GitError("not_a_repository", `${path} is not inside a git repository`);
  }
  const [, absent] = /could not fetch ([0-9a-f]{40,64}) from promisor remote/.exec(stderr) ?? [];
  if (absent !== undefined) {
    const message = `${path} is a partial clone and does not have ${absent}; nothing is fetched to read a repository`;
    return new GitError("not_fetched", message);
  }
  const said = stderr === "" ? "" : `: ${stderr.slice(0, SAID_CHARACTERS_MAX)}`;
  return new GitError("git_failed", `git ${args[0] ?? ""} in ${path} ended with ${exitCode}${said}`);
}

/** Node's own error when git cannot be started, as ours; any other error as it is. */
export function asGitError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof GitError) return error;
  if ((error as NodeJS.ErrnoException).code === "ENOENT") {
    return gitMissing({ cause: error });
  }
  return new GitError("git_failed", `git could not be run in ${path}: ${error.message}`, { cause: error });
}

export function gitMissing(options?: ErrorOptions): GitError {
  return new GitError("git_missing", "git was not found on PATH; install git 2.30 or newer", options);
}
