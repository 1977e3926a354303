import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface SourceRepository {
  /** A working repository whose `.git` can be served. */
  readonly path: string;
  readonly commit: string;
  remove(): void;
}

/** Texts by path, or what a symbolic link leads to. */
export type SourceFiles = Readonly<Record<string, string | { readonly link: string }>>;

/** A real git repository with one commit of the files given on top of empty ones, independent of the machine's git configuration. */
export function makeSourceRepository(
  files: SourceFiles,
  objectFormat = "sha1",
  earlierCommits = 0,
): SourceRepository {
  const path = mkdtempSync(join(tmpdir(), "delta-source-"));
  const git = (...args: string[]): string =>
    execFileSync("git", args, {
      cwd: path,
      encoding: "utf8",
      env: {
        PATH: process.env.PATH,
        HOME: path,
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_AUTHOR_NAME: "A",
        GIT_AUTHOR_EMAIL: "a@example.test",
        GIT_COMMITTER_NAME: "A",
        GIT_COMMITTER_EMAIL: "a@example.test",
      },
    }).trim();
  git("init", "--quiet", "--initial-branch=main", `--object-format=${objectFormat}`);
  for (let earlier = 0; earlier < earlierCommits; earlier++)
    git("commit", "--quiet", "--allow-empty", "--message", `earlier ${earlier}`);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    if (typeof text === "string") writeFileSync(join(path, name), text);
    else symlinkSync(text.link, join(path, name));
  }
  git("add", "--all");
  git("commit", "--quiet", "--allow-empty", "--message", "first");
  return {
    path,
    commit: git("rev-parse", "HEAD"),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
