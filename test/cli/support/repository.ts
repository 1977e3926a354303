import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { environment } from "./delta.ts";

export interface TestRepository {
  readonly path: string;
  git(...args: string[]): string;
  write(files: Readonly<Record<string, string | Uint8Array>>): void;
  /** Writes the files, stages everything and commits; gives the commit id. */
  commit(message: string, files?: Readonly<Record<string, string | Uint8Array>>): string;
}

/** A folder of this test's own, removed when it ends. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "delta-cli-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A real git repository on branch main, removed when the test ends. */
export function makeRepository(files?: Readonly<Record<string, string | Uint8Array>>): TestRepository {
  const path = temporaryFolder();
  const git = (...args: string[]): string =>
    execFileSync("git", args, {
      cwd: path,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: environment({
        GIT_AUTHOR_NAME: "A Developer",
        GIT_AUTHOR_EMAIL: "dev@example.test",
        GIT_COMMITTER_NAME: "A Developer",
        GIT_COMMITTER_EMAIL: "dev@example.test",
      }),
    }).trim();
  const write: TestRepository["write"] = (contents) => {
    for (const [name, content] of Object.entries(contents)) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), content);
    }
  };
  const repository: TestRepository = {
    path,
    git,
    write,
    commit(message, contents = {}) {
      write(contents);
      git("add", "--all");
      git("commit", "--quiet", "--allow-empty", "-m", message);
      return git("rev-parse", "HEAD");
    },
  };
  git("init", "--quiet", "--initial-branch=main");
  if (files !== undefined) repository.commit("first", files);
  return repository;
}
