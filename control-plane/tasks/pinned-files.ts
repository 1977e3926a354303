import { join } from "node:path";
import { NO_PINNED, type PinnedFiles, pinnedKey, type PinnedRequest } from "../../compiler/index.ts";
import type { Forge, GitCredentials } from "../../schemas/forge.ts";
import type { Database } from "../db/client.ts";
import { findForgeRepository, type RepositoryRow } from "../db/sources.ts";
import { openRepository, personRoutes, PinnedLoader } from "../git/index.ts";
import type { TransportRules } from "../git/mirror-transport.ts";
import { serverRoutes } from "../git/pinned-routes.ts";

/** Where pipelines of this server may include files from, and where those are kept. */
export interface IncludeSettings {
  /** Absolute folder of the files that were read. */
  readonly folder: string;
  /** Names and URLs, see `isAllowed`; null: repositories of the same owner. */
  readonly allowed: readonly string[] | null;
  readonly rules: TransportRules;
}

export interface PinnedContext {
  readonly database: Database;
  readonly github: Forge | null;
  readonly includes: IncludeSettings;
}

/** Files of other repositories that one pipeline may have; the compile allows as many readings. */
const PINNED_FILES_MAX = 64;

/** Reads one file after the other what a plan wants. Throws MirrorError and ForgeError for what a later try may reach. */
export async function loadPinned(
  context: PinnedContext,
  repository: RepositoryRow,
  wanted: readonly PinnedRequest[],
  known: PinnedFiles = NO_PINNED,
): Promise<PinnedFiles> {
  const loader = await loaderFor(context, repository);
  const files = new Map(known);
  for (const request of wanted) {
    const isPast = files.size >= PINNED_FILES_MAX;
    const answer = isPast
      ? ({ problem: "not_allowed", detail: `a pipeline has at most ${PINNED_FILES_MAX} such files` } as const)
      : await loader.load(request);
    files.set(pinnedKey(request), { request, answer });
  }
  return files;
}

/** A repository on this machine belongs to the person whose server this is: it is read as they would read it. */
async function loaderFor(
  { database, github, includes }: PinnedContext,
  repository: RepositoryRow,
): Promise<PinnedLoader> {
  const { folder, allowed, rules } = includes;
  if (repository.forge === "local") {
    const route = personRoutes(await openRepository(repository.cloneUrl), allowed ?? ["*"]);
    return new PinnedLoader({ folder: join(folder, "local"), route, whenUnavailable: "tell" });
  }
  const [owner = ""] = repository.fullName.split("/");
  const credentialsFor = async (fullName: string): Promise<GitCredentials | null> => {
    const other = await findForgeRepository(database, repository.forge, fullName);
    return other === null || github === null ? null : github.gitCredentials(other);
  };
  const reach = { cloneUrl: repository.cloneUrl, allowed: allowed ?? [`${owner}/*`], rules, credentialsFor };
  return new PinnedLoader({ folder, route: serverRoutes(reach), whenUnavailable: "throw" });
}
