import { fetchEnvironment, personEnvironment } from "./git-environment.ts";
import type { GitCredentials } from "../../schemas/forge.ts";
import type { GitRepository } from "./model.ts";
import { allowedTransport, MirrorError, type TransportRules } from "./mirror-transport.ts";
import { addressOf, besideRepository, isAllowed, isWholeUrl, originOf } from "./pinned-address.ts";
import type { PinnedRoute } from "./pinned-loader.ts";

/** Slower than this many bytes a second for that many seconds counts as a dead connection. */
const LOW_SPEED = [
  ["http.lowSpeedLimit", "1000"],
  ["http.lowSpeedTime", "30"],
] as const;

/**
 * Routes of a person, from a repository on their machine: with their own git configuration and keys, to what
 * `allowed` names. Asked of a URL only when it is named itself.
 */
export function personRoutes(
  repository: GitRepository,
  allowed: readonly string[],
): (repo: string) => Promise<PinnedRoute> {
  return async (repo) => {
    if (!isAllowed(repo, allowed)) return { refused: refusal(repo, allowed) };
    const origin = isWholeUrl(repo) ? null : await originOf(repository);
    const address = isWholeUrl(repo) ? addressOf(repo) : origin && besideRepository(origin, repo);
    if (!address) {
      const why = isWholeUrl(repo)
        ? "only https and ssh without a password are addresses to fetch from"
        : "this repository has no remote `origin` whose forge it could be on";
      return { refused: why };
    }
    return { url: address.url, environment: personEnvironment(address.protocol), secret: null };
  };
}

/** What a server may reach for one repository. */
export interface ServerReach {
  readonly cloneUrl: string;
  readonly allowed: readonly string[];
  readonly rules: TransportRules;
  /** Credentials for `owner/name` of the same forge; null reads it as anybody may. */
  readonly credentialsFor: (fullName: string) => Promise<GitCredentials | null>;
}

/** Routes of a server: to repositories of the forge that its own repository lies on, and to URLs the operators named. */
export function serverRoutes(reach: ServerReach): (repo: string) => Promise<PinnedRoute> {
  return async (repo) => {
    if (!isAllowed(repo, reach.allowed)) return { refused: refusal(repo, reach.allowed) };
    const address = isWholeUrl(repo) ? addressOf(repo) : besideRepository(reach.cloneUrl, repo);
    if (address === null) return { refused: "it is not an address to fetch from" };
    try {
      const transport = allowedTransport(address.url, reach.rules);
      const credentials = isWholeUrl(repo) ? null : await reach.credentialsFor(repo);
      const settings = [
        ...LOW_SPEED,
        ["http.followRedirects", "false"] as const,
        ...transport.authorise(credentials),
      ];
      return {
        url: transport.url,
        environment: fetchEnvironment({ protocol: transport.protocol, settings }),
        secret: credentials?.password ?? null,
      };
    } catch (error) {
      if (error instanceof MirrorError && error.kind === "forbidden") return { refused: error.message };
      throw error;
    }
  };
}

function refusal(repo: string, allowed: readonly string[]): string {
  const list = allowed.map((entry) => `\`${entry}\``).join(", ");
  return `\`${repo}\` is not among what may be included from here: ${list === "" ? "nothing" : list} (DELTA_INCLUDE_FROM)`;
}
