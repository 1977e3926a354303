import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";
import { encodePath } from "../../../compiler/paths.ts";
import { type GitRepository, openRepository } from "../../../control-plane/git/index.ts";

/** Content of a file, nothing to remove it, or something that is no plain file. */
export type FileChange =
  | string
  | Uint8Array
  | null
  | { readonly executable: string }
  | { readonly link: string }
  | { readonly submodule: string };

export interface CommitSpec {
  /** Ref that the commit is put on; a throwaway one when absent. */
  readonly ref?: string;
  /** Commit ids; the last commit of the ref when absent, none for `[]`. */
  readonly parents?: readonly string[];
  readonly files: Readonly<Record<string, FileChange>>;
  /** Paths to be moved, before the files are written. */
  readonly moves?: Readonly<Record<string, string>>;
  /** When it was committed; later than all before it when absent. */
  readonly seconds?: number;
}

/** A real repository in a folder of its own, removed with the world. Commits come from `git fast-import`. */
export class GitWorld implements AsyncDisposable {
  readonly path: string;
  readonly #tips = new Map<string, string>();
  #count = 0;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(options: { readonly bare?: boolean } = {}): Promise<GitWorld> {
    const world = new GitWorld(await mkdtemp(join(tmpdir(), "delta-git-")));
    await world.git("init", "--quiet", "--initial-branch=main", ...(options.bare === true ? ["--bare"] : []));
    return world;
  }

  /** Runs git here and returns what it printed, without the last newline. */
  async git(...args: string[]): Promise<string> {
    return (await this.#run(args, "")).replace(/\n$/, "");
  }

  async open(): Promise<GitRepository> {
    return await openRepository(this.path);
  }

  async commit(spec: CommitSpec): Promise<string> {
    return (await this.commits([spec]))[0] ?? "";
  }

  /** Makes all commits in one process and returns their ids. */
  async commits(specs: readonly CommitSpec[]): Promise<string[]> {
    const parts = [...specs.flatMap((spec) => this.#describe(spec)), "done\n"];
    const printed = await this.#run(["fast-import", "--quiet", "--force", "--done"], parts);
    const ids = printed.split("\n").filter((line) => line !== "");
    specs.forEach(({ ref }, index) => {
      if (ref !== undefined) this.#tips.set(ref, ids[index] ?? "");
    });
    return ids;
  }

  #describe({ ref, parents, files, moves = {}, seconds }: CommitSpec): (string | Uint8Array)[] {
    this.#count += 1;
    const tip = ref === undefined ? undefined : this.#tips.get(ref);
    const [first, ...others] = parents ?? (tip === undefined ? [] : [tip]);
    // The commit's number is its time: no clock, and no two commits alike.
    const when = `${seconds ?? 1_700_000_000 + this.#count} +0000`;
    const target = ref ?? `refs/throwaway/${this.#count}`;
    // Within one run the commit goes by its mark; its id takes the place afterwards.
    this.#tips.set(target, `:${this.#count}`);
    return [
      `reset ${target}\ncommit ${target}\nmark :${this.#count}\n`,
      `committer Test <test@example.invalid> ${when}\ndata 0\n`,
      ...(first === undefined ? [] : [`from ${first}\n`]),
      ...others.map((other) => `merge ${other}\n`),
      ...Object.entries(moves).flatMap(([from, to]) => ["R ", quoted(from), " ", quoted(to), "\n"]),
      ...Object.entries(files).flatMap(([path, change]) => fileCommand(path, change)),
      `\nget-mark :${this.#count}\n`,
    ];
  }

  async #run(args: readonly string[], input: string | readonly (string | Uint8Array)[]): Promise<string> {
    const child = spawn("git", ["-C", this.path, ...args], {
      env: {
        PATH: process.env["PATH"],
        HOME: this.path,
        GIT_CONFIG_GLOBAL: devNull,
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_AUTHOR_NAME: "Test",
        GIT_AUTHOR_EMAIL: "test@example.invalid",
        GIT_COMMITTER_NAME: "Test",
        GIT_COMMITTER_EMAIL: "test@example.invalid",
      },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
    // Most commands read no input and may be gone before it is closed.
    child.stdin.on("error", () => undefined);
    const parts = typeof input === "string" ? [input] : input;
    child.stdin.end(Buffer.concat(parts.map((part) => Buffer.from(part))));
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`git ${args.join(" ")} ended with ${code}: ${stderr}`);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

function fileCommand(path: string, change: FileChange): (string | Uint8Array)[] {
  const name = quoted(path);
  if (change === null) return ["D ", name, "\n"];
  if (typeof change === "object" && "submodule" in change)
    return [`M 160000 ${change.submodule} `, name, "\n"];
  const [mode, content] =
    typeof change === "string" || change instanceof Uint8Array
      ? ["100644", change]
      : "link" in change
        ? ["120000", change.link]
        : ["100755", change.executable];
  const bytes = Buffer.from(content);
  return [`M ${mode} inline `, name, `\ndata ${bytes.length}\n`, bytes, "\n"];
}

/** A path as fast-import reads it, byte by byte where it is not plain. */
function quoted(path: string): string {
  const bytes = [...encodePath(path)].map((byte) =>
    byte < 0x20 || byte === 0x22 || byte === 0x5c || byte > 0x7e
      ? `\\${byte.toString(8).padStart(3, "0")}`
      : String.fromCharCode(byte),
  );
  return `"${bytes.join("")}"`;
}
