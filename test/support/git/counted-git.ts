import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A pipeline whose one job asks git for all that a plan may ask: what changed, and what its files hold. */
export const COUNTED_PIPELINE = `version: 1
name: shop
jobs:
  code:
    timeout: 5m
    changes: ["src/**"]
    steps: [echo code]
`;

/** A `git` that writes down each time it is started and then is the real one. */
export class CountedGit implements AsyncDisposable {
  readonly #folder: string;
  readonly #before: string;

  private constructor(folder: string, before: string) {
    this.#folder = folder;
    this.#before = before;
  }

  /** Stands before the real one on this process's PATH until disposed. `lacks`: an option that it does not know. */
  static async start({ lacks = "" }: { readonly lacks?: string } = {}): Promise<CountedGit> {
    const folder = await mkdtemp(join(tmpdir(), "delta-counted-git-"));
    const before = process.env["PATH"] ?? "";
    const refuse = `case "$*" in *${lacks}*) echo "error: unknown option" >&2; exit 129;; esac`;
    const script = [
      "#!/bin/sh",
      `echo "$*" >> '${folder}/started'`,
      ...(lacks === "" ? [] : [refuse]),
      `PATH='${before}' exec git "$@"`,
      "",
    ];
    await writeFile(join(folder, "git"), script.join("\n"));
    await chmod(join(folder, "git"), 0o755);
    process.env["PATH"] = folder + delimiter + before;
    return new CountedGit(folder, before);
  }

  /** The command of each start, such as `cat-file`, in order. */
  async commands(): Promise<readonly string[]> {
    const text = await readFile(join(this.#folder, "started"), "utf8").catch(() => "");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map(commandOf);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.env["PATH"] = this.#before;
    await rm(this.#folder, { recursive: true });
  }
}

/** The first word that is neither an option nor the value of one. */
function commandOf(line: string): string {
  const words = line.split(" ");
  const at = words.findIndex(
    (word, index) => !word.startsWith("-") && !["-c", "-C"].includes(words[index - 1] ?? ""),
  );
  return words[at] ?? "";
}
