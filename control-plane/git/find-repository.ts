import { lstat, readFile, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { GitRepository } from "./model.ts";

/** What git accepts as HEAD, where refs are files. */
const HEAD = /^(?:ref: refs\/(?!heads\/\.invalid).+|[0-9a-f]{40}|[0-9a-f]{64})\n?$/;
const BARE = /^\s*bare\s*=\s*(true|false)\s*$/im;
/** Words of a configuration that may move the work tree or the refs elsewhere. */
const UNUSUAL = /worktree|include|refstorage|prefersymlinkrefs/i;

/**
 * The repository that a folder is in, told by its files alone, which saves a process. null when it is not laid
 * out as nearly all are, or belongs to another user, or is none: then git is to be asked.
 */
export async function findRepository(folder: string): Promise<GitRepository | null> {
  const start = await realpath(folder).catch(() => null);
  if (start === null) return null;
  if (await isGitFolder(start)) return await described(start, start, true);
  const { dev: device } = await lstat(start);
  for (let at = start; ; at = dirname(at)) {
    const stat = await lstat(join(at, ".git")).catch(() => null);
    if (stat !== null) return stat.isDirectory() ? await described(at, join(at, ".git"), false) : null;
    // Inside a folder of git's own, and across file systems, git has rules that are not repeated here.
    if (at !== start && ((await lstat(at)).dev !== device || (await isGitFolder(at)))) return null;
    if (at === dirname(at)) return null;
  }
}

async function isGitFolder(folder: string): Promise<boolean> {
  const [head, objects] = await Promise.all(
    ["HEAD", "objects"].map((name) => lstat(join(folder, name)).catch(() => null)),
  );
  return head?.isFile() === true && objects?.isDirectory() === true;
}

async function described(path: string, gitFolder: string, bare: boolean): Promise<GitRepository | null> {
  const text = (name: string): Promise<string> => readFile(join(gitFolder, name), "utf8").catch(() => "");
  const [config, head, commonFolder, usual, ...owners] = await Promise.all([
    text("config"),
    text("HEAD"),
    text("commondir"),
    isGitFolder(gitFolder),
    ...[path, gitFolder].map(async (folder) => (await lstat(folder)).uid),
  ]);
  const isKnown =
    usual &&
    commonFolder === "" &&
    HEAD.test(head) &&
    !UNUSUAL.test(config) &&
    config.match(/\bbare\b/gi)?.length === 1 &&
    BARE.exec(config)?.[1]?.toLowerCase() === String(bare) &&
    owners.every((owner) => owner === process.geteuid?.());
  if (!isKnown) return null;
  const shallow = await lstat(join(gitFolder, "shallow")).catch(() => null);
  return { path, bare, shallow: shallow !== null, trusted: [], gitFolder };
}
