import { createHash, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PinnedAnswer, PinnedRequest } from "../../compiler/index.ts";
import { CONFIG_FILE_BYTES_MAX } from "../../schemas/limits.ts";
import { mirrorEnvironment } from "./git-environment.ts";
import { GitError } from "./git-error.ts";
import { askGit } from "./git-process.ts";
import { MirrorError, mirrorErrorOf } from "./mirror-transport.ts";

/** One commit of a repository that holds configuration; past this the forge or the network is stuck. */
const FETCH_TIMEOUT_MS = 2 * 60_000;
const FETCHED_REF = "refs/delta/pinned";

/** How a repository is reached, or why it is not. */
export type PinnedRoute =
  | {
      readonly url: string;
      /** For the one command that speaks to others; it alone knows credentials. */
      readonly environment: NodeJS.ProcessEnv;
      /** What no message may repeat; null when there is nothing of the kind. */
      readonly secret: string | null;
    }
  | { readonly refused: string };

export interface PinnedLoaderSettings {
  /** Absolute folder of the cache. What is in it is found by repository and digest, and never changes. */
  readonly folder: string;
  readonly route: (repo: string) => Promise<PinnedRoute>;
  /**
   * tell: what could not be reached is an answer. throw: what a later try may reach is a MirrorError
   * `unavailable`, for a server that plans again by itself.
   */
  readonly whenUnavailable: "tell" | "throw";
}

/**
 * Brings files of other repositories by their digest: from the cache when they were read before, with no network,
 * else by fetching the one commit that the ref names. Bytes of another digest are an answer and are not kept.
 */
export class PinnedLoader {
  readonly #settings: PinnedLoaderSettings;

  constructor(settings: PinnedLoaderSettings) {
    this.#settings = settings;
  }

  async load(request: PinnedRequest, signal?: AbortSignal): Promise<PinnedAnswer> {
    const route = await this.#settings.route(request.repo);
    if ("refused" in route) return { problem: "not_allowed", detail: route.refused };
    const folder = join(this.#settings.folder, sha256Of(route.url));
    const path = join(folder, request.sha256);
    const kept = await readFile(path).catch(() => null);
    if (kept !== null && sha256Of(kept) === request.sha256) return { bytes: kept };
    try {
      const answer = await this.#fetch(request, route, signal);
      if ("bytes" in answer && sha256Of(answer.bytes) === request.sha256)
        await keep(folder, path, answer.bytes);
      return answer;
    } catch (error) {
      if (!(error instanceof MirrorError)) throw error;
      if (error.kind === "unavailable" && this.#settings.whenUnavailable === "throw") throw error;
      return { problem: "unreachable", detail: error.message };
    }
  }

  async #fetch(
    { ref, file }: PinnedRequest,
    { url, environment, secret }: Exclude<PinnedRoute, { refused: string }>,
    signal: AbortSignal | undefined,
  ): Promise<PinnedAnswer> {
    await mkdir(this.#settings.folder, { recursive: true, mode: 0o700 });
    const repository = await mkdtemp(join(this.#settings.folder, "fetching-"));
    const ask = (args: readonly string[], env: NodeJS.ProcessEnv) =>
      askGit(
        { path: repository, trusted: [] },
        {
          arguments: args,
          environment: { ...env, GIT_DIR: repository },
          timeoutMs: FETCH_TIMEOUT_MS,
          accepted: "any",
          group: true,
          signal,
        },
      );
    try {
      await ask(["init", "--bare", "--quiet", "--template="], mirrorEnvironment());
      const fetched = await ask([...FETCH, url, `+${ref}:${FETCHED_REF}`], environment).catch(unavailable);
      if (fetched.exitCode !== 0) {
        throw mirrorErrorOf(fetched.stderr, secret === null ? null : { username: "", password: secret });
      }
      const missing = { problem: "file_missing", detail: `at \`${ref}\` there is no such file` } as const;
      const listed = await ask(["ls-tree", "-z", FETCHED_REF, "--", file], mirrorEnvironment());
      const [, blob] = /^100\d{3} blob ([0-9a-f]{40,64})\t/.exec(listed.stdout.toString("utf8")) ?? [];
      if (blob === undefined) return missing;
      const size = Number((await ask(["cat-file", "-s", blob], mirrorEnvironment())).stdout.toString("utf8"));
      if (!(size <= CONFIG_FILE_BYTES_MAX)) return { ...missing, detail: "it is larger than 500 KiB" };
      return { bytes: (await ask(["cat-file", "blob", blob], mirrorEnvironment())).stdout };
    } finally {
      await rm(repository, { recursive: true, force: true });
    }
  }
}

const FETCH = [
  "fetch",
  "--quiet",
  "--depth=1",
  "--no-tags",
  "--no-recurse-submodules",
  "--no-write-fetch-head",
  "--no-auto-maintenance",
  "--end-of-options",
] as const;

function unavailable(cause: unknown): never {
  if (cause instanceof GitError && cause.code === "timed_out")
    throw new MirrorError("unavailable", "the repository could not be fetched in time", { cause });
  throw cause;
}

/** Whole or not at all: another process may read it at this moment. */
async function keep(folder: string, path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, bytes, { mode: 0o600 });
  await rename(draft, path);
}

function sha256Of(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
