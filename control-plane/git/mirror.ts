import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { GitCredentials } from "../../schemas/forge.ts";
import { isUuid } from "../../schemas/ids.ts";
import { askText, type TextAnswer, type TextQuestion } from "./ask-text.ts";
import { type FetchGrant, fetchEnvironment, mirrorEnvironment } from "./git-environment.ts";
import { GitError } from "./git-error.ts";
import { askGit, type Place } from "./git-process.ts";
import { withMirrorLock } from "./mirror-lock.ts";
import { allowedTransport, MirrorError, mirrorErrorOf, type TransportRules } from "./mirror-transport.ts";

/** A first fetch of a large repository takes minutes; past this the forge or the network is stuck. */
const FETCH_TIMEOUT_MS = 10 * 60_000;
/** Every fetch adds a pack; with more than this many, looking up an object gets slow and they are joined. */
const PACKS_MAX = 50;
/** Slower than this many bytes a second for that many seconds counts as a dead connection. */
const LOW_SPEED = [
  ["http.lowSpeedLimit", "1000"],
  ["http.lowSpeedTime", "30"],
] as const;

export interface MirrorRequest {
  /** Row id of the repository; names the mirror's folder. */
  readonly repositoryId: string;
  /** `https://...`, or the absolute path of a repository on this machine. */
  readonly url: string;
  readonly credentials: GitCredentials | null;
  /** The ref that the event names. */
  readonly ref: string;
  readonly head: string;
  /** Further commits, fetched if the repository has them. */
  readonly also: readonly string[];
  /**
   * reachable: the head must be in a branch, a tag or the event's ref. A forge hands out commits of
   * forks under the repository's name; those are not the repository's. exists: any commit it has.
   */
  readonly headRule: "reachable" | "exists";
  readonly signal?: AbortSignal;
}

export type MirrorAnswer =
  | { readonly status: "ready"; readonly path: string }
  | { readonly status: "commit_unreachable"; readonly detail: string };

/** The ref that keeps a commit in the mirror, and the one a lease may fetch. */
export function pinnedRef(commit: string): string {
  return `refs/delta/commits/${commit}`;
}

/**
 * Bare mirrors of repositories under one folder, one each. A commit that was planned once is pinned
 * for ever (until the repository is removed), so that reruns need no forge. Automatic gc is off;
 * packs are joined under the lock once there are more than PACKS_MAX. Hooks never run and submodules
 * are not followed.
 */
export class Mirror {
  readonly #root: string;
  readonly #rules: TransportRules;

  constructor(root: string, rules: TransportRules) {
    this.#root = resolve(root);
    this.#rules = rules;
  }

  /** Folder of a repository's mirror; it exists once a fetch succeeded. */
  pathOf(repositoryId: string): string {
    if (!isUuid(repositoryId)) {
      throw new Error(`${JSON.stringify(repositoryId)} names no mirror`);
    }
    return join(this.#root, `${repositoryId}.git`);
  }

  /** Brings the head, and of the others what can be had, into the mirror. Throws MirrorError. */
  async fetch(request: MirrorRequest): Promise<MirrorAnswer> {
    const path = this.pathOf(request.repositoryId);
    const wanted = [...new Set([request.head, ...request.also])];
    await mkdir(this.#root, { recursive: true, mode: 0o700 });
    if ((await Promise.all(wanted.map((commit) => isPinned(path, commit)))).every(Boolean)) {
      return { status: "ready", path };
    }
    return withMirrorLock(`${path}.lock`, request.signal, async () => {
      await prepare(path, request.head);
      const answer = await this.#fetchLocked(path, request);
      await joinPacks(path);
      return answer;
    });
  }

  async #fetchLocked(path: string, request: MirrorRequest): Promise<MirrorAnswer> {
    const { head, ref, headRule } = request;
    const transport = allowedTransport(request.url, this.#rules);
    const grant: FetchGrant = {
      protocol: transport.protocol,
      settings: [
        ...LOW_SPEED,
        ["http.followRedirects", "false"],
        ...transport.authorise(request.credentials),
      ],
    };
    const fetchRefs = (refspecs: readonly string[], ...flags: readonly string[]) =>
      fetchInto(path, grant, [...flags, "--end-of-options", transport.url, ...refspecs], request);

    const failed = await fetchRefs(["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"], "--prune");
    if (failed !== null) {
      throw failed;
    }
    // A ref outside branches and tags (a pull request's) may be gone by now; the commit may still be known.
    if (!/^refs\/(heads|tags)\//.test(ref) && ref.startsWith("refs/")) {
      await fetchRefs([`+${ref}:${ref}`]);
    }
    if (!(await isPinned(path, head))) {
      if (headRule === "exists" && !(await hasCommit(path, head))) {
        await fetchRefs([`+${head}:${pinnedRef(head)}`]);
      }
      const found = (await hasCommit(path, head)) && (headRule === "exists" || (await isInARef(path, head)));
      if (!found) {
        return { status: "commit_unreachable", detail: `${head} is in no branch or tag, nor in ${ref}` };
      }
      await pin(path, head);
    }
    for (const commit of request.also) {
      if (!(await hasCommit(path, commit))) {
        await fetchRefs([`+${commit}:${pinnedRef(commit)}`]);
      } else {
        await pin(path, commit);
      }
    }
    return { status: "ready", path };
  }
}

const FETCH = [
  "fetch",
  "--quiet",
  "--no-tags",
  // The source may be a shallow clone on this machine; its history ends where it ends.
  "--update-shallow",
  "--no-recurse-submodules",
  "--no-write-fetch-head",
  "--no-auto-maintenance",
  "--no-show-forced-updates",
] as const;

/** Fetches, and says why it could not; null when it could. */
async function fetchInto(
  path: string,
  grant: FetchGrant,
  args: readonly string[],
  { credentials, signal }: MirrorRequest,
): Promise<MirrorError | null> {
  try {
    const { exitCode, stderr } = await askGit(placeOf(path), {
      arguments: [...FETCH, ...args],
      environment: { ...fetchEnvironment(grant), GIT_DIR: path },
      timeoutMs: FETCH_TIMEOUT_MS,
      accepted: "any",
      group: true,
      signal,
    });
    return exitCode === 0 ? null : mirrorErrorOf(stderr, credentials);
  } catch (cause) {
    if (cause instanceof GitError && cause.code === "timed_out") {
      return new MirrorError("unavailable", "the repository could not be fetched in time", { cause });
    }
    throw cause;
  }
}

/**
 * Makes the repository, or heals one whose last user was killed: under the lock nobody writes, so
 * every lock file and half-received pack in it is a leftover.
 */
async function prepare(path: string, head: string): Promise<void> {
  const format = head.length === 64 ? "sha256" : "sha1";
  const made = await ask(path, ["init", "--bare", "--template=", `--object-format=${format}`]);
  if (made.exitCode !== 0) {
    throw new MirrorError("unavailable", `the mirror cannot be made: ${made.stderr}`);
  }
  for (const folder of ["", "refs", "objects"]) {
    const recursive = folder === "refs";
    const names = await readdir(join(path, folder), { recursive }).catch(() => []);
    const leftovers = names.filter((name) => name.endsWith(".lock") || name.startsWith("tmp_objdir-"));
    await Promise.all(
      leftovers.map((name) => rm(join(path, folder, name), { recursive: true, force: true })),
    );
  }
}

/** A ref that was set since the packs were last joined is a file; git knows the others. */
async function isPinned(path: string, commit: string): Promise<boolean> {
  const ref = await readFile(join(path, pinnedRef(commit)), "latin1").catch(() => "");
  if (ref === `${commit}\n`) return true;
  const answer = await ask(path, ["rev-parse", "--verify", "--end-of-options", pinnedRef(commit)]);
  return answer.exitCode === 0;
}

async function hasCommit(path: string, commit: string): Promise<boolean> {
  return (await ask(path, ["cat-file", "-t", `${commit}^{commit}`])).exitCode === 0;
}

async function isInARef(path: string, commit: string): Promise<boolean> {
  const { exitCode, text } = await ask(path, [
    "for-each-ref",
    "--count=1",
    `--contains=${commit}`,
    "refs/heads",
    "refs/tags",
    "refs/pull",
  ]);
  return exitCode === 0 && text !== "";
}

/** As a transaction, for git then says that it was carried out. */
async function pin(path: string, commit: string): Promise<void> {
  const input = `start\nupdate ${pinnedRef(commit)} ${commit}\ncommit\n`;
  const { exitCode, text, stderr } = await ask(path, ["update-ref", "--stdin"], input);
  if (exitCode !== 0 || !text.endsWith("commit: ok\n")) {
    throw new MirrorError("unavailable", `the commit cannot be kept: ${stderr}`);
  }
}

/** Readers go on meanwhile: git looks again when a pack it knew is gone. */
async function joinPacks(path: string): Promise<void> {
  const names = await readdir(join(path, "objects", "pack")).catch(() => []);
  if (names.filter((name) => name.endsWith(".pack")).length > PACKS_MAX) {
    await askGit(placeOf(path), {
      arguments: ["gc", "--quiet"],
      environment: environmentOf(path),
      timeoutMs: FETCH_TIMEOUT_MS,
      accepted: "any",
      group: true,
    }).catch((error: unknown) => {
      // What was fetched is there all the same; the next fetch tries again.
      if (!(error instanceof GitError) || error.code !== "timed_out") throw error;
    });
  }
}

/** About refs and commits that are here already, and about their keeping. */
function ask(path: string, args: readonly string[], input?: string): Promise<TextAnswer> {
  const question: TextQuestion = { arguments: args, environment: environmentOf(path), accepted: "any" };
  return askText(placeOf(path), input === undefined ? question : { ...question, input });
}

/** git starts in the folder of all mirrors and is told which one: it never looks for a repository by itself. */
function placeOf(path: string): Place {
  return { path: dirname(path), trusted: [] };
}

function environmentOf(path: string): NodeJS.ProcessEnv {
  return { ...mirrorEnvironment(), GIT_DIR: path };
}
