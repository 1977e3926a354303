import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { CliFailure } from "./failure.ts";

const run = promisify(execFile);

/** The top folder of the working tree that this process stands in. Needs git, asks nothing else of it. */
export async function repositoryRoot(directory: string = process.cwd()): Promise<string> {
  try {
    const { stdout } = await run("git", ["-C", directory, "rev-parse", "--show-toplevel"], {
      env: { ...process.env, LC_ALL: "C" },
    });
    return stdout.replace(/\n$/, "");
  } catch (error) {
    throw notARepository(directory, error);
  }
}

function notARepository(directory: string, error: unknown): CliFailure {
  const failed = error as NodeJS.ErrnoException & { stderr?: string };
  if (failed.code === "ENOENT") {
    return new CliFailure("git_failed", "git was not found on PATH", "Install git 2.30 or newer.", error);
  }
  const said = failed.stderr?.trim().split("\n")[0] ?? "";
  if (/dubious ownership/.test(said)) {
    const hint = `Trust it with: git config --global --add safe.directory ${directory}`;
    return new CliFailure(
      "git_failed",
      `git refuses to read ${directory}: it belongs to another user`,
      hint,
      error,
    );
  }
  if (/must be run in a work tree/.test(said)) {
    return new CliFailure(
      "not_a_git_repository",
      `${directory} is a bare repository, a working tree is needed here`,
    );
  }
  return new CliFailure(
    "not_a_git_repository",
    `${directory} is not inside a git repository`,
    "Run it in one, or name one with -C DIR.",
    error,
  );
}
