import type { GitPluginError, SimpleGitOptions } from "simple-git";
import { hardenedSettings, readingEnvironment } from "./git-environment.ts";
import { GitError } from "./git-error.ts";
import { asGitError, failure, gitMissing, type GitQuestion, type Place } from "./git-process.ts";

/** Answers here are a few lines, from refs and commit headers. */
const TEXT_TIME_MS_MAX = 30_000;

/** Our own settings are of kinds that simple-git refuses unless told that they are meant. Nothing else is let through. */
const MEANT = {
  allowUnsafeHooksPath: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeTemplateDir: true,
} as const satisfies SimpleGitOptions["unsafe"];

/** Its answer is not bounded in length, and only git itself is ended: not for commands that start others. */
export interface TextQuestion extends Omit<GitQuestion, "outputBytesMax" | "group"> {
  /** Written to git, which then sees the end of its input. */
  readonly input?: string;
}

export interface TextAnswer {
  readonly text: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/**
 * Asks git for a short text through simple-git: UTF-8, not for paths or contents. Where git says nothing at
 * all, simple-git waits 50 ms more, so ask in a way that is answered. Throws GitError like `askGit`.
 */
export async function askText(place: Place, question: TextQuestion): Promise<TextAnswer> {
  // Loaded when it is first asked: a plan rarely does, and loading it takes longer than most answers.
  const { GitPluginError, simpleGit } = await import("simple-git");
  const { environment = readingEnvironment(), signal, input } = question;
  const { accepted = [], timeoutMs = TEXT_TIME_MS_MAX } = question;
  const args = [...question.arguments];
  let answer = { stderr: "", exitCode: 0 };
  let failed: GitError | null = null;
  const options: Partial<SimpleGitOptions> = {
    baseDir: place.path,
    config: hardenedSettings(place.trusted),
    unsafe: MEANT,
    allowEnvironment: Object.keys(environment),
    timeout: { block: timeoutMs },
    ...(signal === undefined ? {} : { abort: signal }),
    ...(input === undefined ? {} : { input: () => input }),
    errors(error, { stdErr, exitCode: code }) {
      const stderr = Buffer.concat(stdErr).toString("utf8").trim();
      // A git that a signal ended has none, whatever the type says.
      const exitCode = (code as number | null) ?? -1;
      answer = { stderr, exitCode };
      failed =
        (error instanceof GitPluginError ? stopped(question, error) : null) ?? neverStarted(stderr, exitCode);
      if (failed === null && exitCode !== 0 && accepted !== "any" && !accepted.includes(exitCode)) {
        failed = failure(place.path, args, exitCode, stderr);
      }
      return failed ?? undefined;
    },
  };
  try {
    // One instance a question: its environment, its signal and a failure stay with it.
    const text = await simpleGit(options).env(environment).raw(args);
    return { text, ...answer };
  } catch (error) {
    throw failed ?? asGitError(error, place.path);
  }
}

/** The error for a git that simple-git ended, at its deadline or on its signal. */
function stopped(question: TextQuestion, error: GitPluginError): GitError | null {
  const command = `git ${question.arguments[0] ?? ""}`;
  const seconds = (question.timeoutMs ?? TEXT_TIME_MS_MAX) / 1000;
  return error.plugin === "abort"
    ? new GitError("canceled", `${command} was canceled`, { cause: error })
    : error.plugin === "timeout"
      ? new GitError("timed_out", `${command} gave no answer in ${seconds} s`, { cause: error })
      : null;
}

/** simple-git tells of a program that cannot be started by a negative exit code, Node's words in place of git's. */
function neverStarted(stderr: string, exitCode: number): GitError | null {
  return exitCode < 0 && stderr.includes("ENOENT") ? gitMissing() : null;
}
