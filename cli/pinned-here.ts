import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { PinnedAnswer, PinnedRequest } from "../compiler/index.ts";
import { type GitRepository, personRoutes, PinnedLoader } from "../control-plane/git/index.ts";

/** Reads files of other repositories for the repository that a command works on, as the person who runs it. */
export function pinnedHere(repository: GitRepository): (request: PinnedRequest) => Promise<PinnedAnswer> {
  const loader = new PinnedLoader({
    folder: join(cacheFolder(process.env), "pinned"),
    route: personRoutes(repository, includeFrom(process.env)),
    whenUnavailable: "tell",
  });
  return (request) => loader.load(request);
}

/** What files may be included from: by default every `owner/name` beside the remote `origin`. */
function includeFrom(environment: NodeJS.ProcessEnv): readonly string[] {
  const text = environment["DELTA_INCLUDE_FROM"] ?? "";
  return text.trim() === "" ? ["*"] : text.split(",").map((entry) => entry.trim());
}

function cacheFolder(environment: NodeJS.ProcessEnv): string {
  return resolve(environment["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "delta");
}
