import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { askText } from "./ask-text.ts";
import { findRepository } from "./find-repository.ts";
import { userEnvironment } from "./git-environment.ts";
import { GitError } from "./git-error.ts";
import { failure } from "./git-process.ts";
import type { GitRepository } from "./model.ts";

/**
 * Opens the repository that a folder is in; git is only asked where its files do not tell. Throws GitError
 * `not_a_repository`, `git_missing`, or `unsafe_ownership` when another user owns it and the person has not
 * called it safe.
 */
export async function openRepository(path: string): Promise<GitRepository> {
  const absolute = resolve(path);
  const folder = await stat(absolute).catch(() => null);
  if (folder?.isDirectory() !== true) {
    throw new GitError("not_a_repository", `${absolute} is not a folder, hence no git repository`);
  }
  const found = await findRepository(absolute);
  if (found !== null) return found;
  try {
    return await describe(absolute, []);
  } catch (error) {
    if (!(error instanceof GitError) || error.code !== "unsafe_ownership") throw error;
    const trusted = await readSafeFolders(absolute);
    if (trusted.length === 0) throw error;
    return await describe(absolute, trusted);
  }
}

/** One process: in a bare repository the last question fails, after the others were answered. */
async function describe(path: string, trusted: readonly string[]): Promise<GitRepository> {
  const questions = ["rev-parse", "--is-bare-repository", "--is-shallow-repository", "--show-toplevel"];
  const answer = await askText({ path, trusted }, { arguments: questions, accepted: [128] });
  const [bare, shallow, ...top] = answer.text.replace(/\n$/, "").split("\n");
  if (shallow !== "true" && shallow !== "false") {
    throw failure(path, questions, answer.exitCode, answer.stderr);
  }
  return {
    path: answer.exitCode === 0 ? top.join("\n") : path,
    bare: bare === "true",
    shallow: shallow === "true",
    trusted,
    gitFolder: null,
  };
}

/** Git honours safe.directory in the user's own configuration, which is otherwise not read here. */
async function readSafeFolders(path: string): Promise<string[]> {
  const { text } = await askText(
    { path, trusted: [] },
    {
      arguments: ["config", "--global", "--null", "--get-all", "safe.directory"],
      environment: userEnvironment(),
      accepted: [1],
    },
  );
  return text.split("\0").filter((folder) => folder !== "");
}
