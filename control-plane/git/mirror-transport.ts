import { isAbsolute } from "node:path";
import type { GitCredentials } from "../../schemas/forge.ts";
import type { FetchGrant } from "./git-environment.ts";

/** Where mirrors may fetch from. HTTPS is always allowed. */
export interface TransportRules {
  /** `host:port` of forges that may be reached without TLS, such as one on loopback. */
  readonly plainHttpHosts: readonly string[];
  /** Repositories on this machine, by absolute path. */
  readonly localPaths: boolean;
}

/**
 * forbidden: the address is not one we fetch from. unauthorized: the credentials were refused.
 * gone: there is no such repository, or none that we may see. unavailable: a later try may succeed.
 */
export type MirrorErrorKind = "forbidden" | "unauthorized" | "gone" | "unavailable";

export class MirrorError extends Error {
  readonly kind: MirrorErrorKind;

  constructor(kind: MirrorErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MirrorError";
    this.kind = kind;
  }
}

export interface Transport {
  readonly protocol: FetchGrant["protocol"];
  readonly url: string;
  /** Settings that carry the credentials, bound to this one server. */
  authorise(credentials: GitCredentials | null): FetchGrant["settings"];
}

/** The transport for an address, or MirrorError `forbidden` for any we do not use. */
export function allowedTransport(address: string, rules: TransportRules): Transport {
  if (isAbsolute(address)) {
    if (!rules.localPaths) {
      throw new MirrorError("forbidden", "repositories on this machine are not allowed here");
    }
    return { protocol: "file", url: address, authorise: () => [] };
  }
  const url = URL.parse(address);
  const isHttps = url?.protocol === "https:";
  const isPlain = url?.protocol === "http:" && rules.plainHttpHosts.includes(url.host);
  if (url === null || !(isHttps || isPlain)) {
    const what = url === null ? "an address that is no URL" : `${url.protocol}//${url.host}`;
    throw new MirrorError("forbidden", `${what} is not a place to fetch from: use https`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new MirrorError("forbidden", "the address of a repository must not carry credentials");
  }
  return {
    protocol: isHttps ? "https" : "http",
    url: url.href,
    authorise: (credentials) =>
      credentials === null ? [] : [[`http.${url.origin}/.extraHeader`, basicAuthorization(credentials)]],
  };
}

function basicAuthorization({ username, password }: GitCredentials): string {
  return `Authorization: Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** What a failed fetch means, from git's words in the C locale. The secret is cut out of them, wherever it stood. */
export function mirrorErrorOf(stderr: string, credentials: GitCredentials | null): MirrorError {
  const secret = credentials?.password ?? "";
  const said = (secret === "" ? stderr : stderr.replaceAll(secret, "[redacted]")).trim().slice(-2_000);
  const kind: MirrorErrorKind =
    /HTTP 401|error: 401|Authentication failed|could not read Username|error: 403/.test(said)
      ? "unauthorized"
      : /repository '.*' not found|does not appear to be a git repository|error: 404/i.test(said)
        ? "gone"
        : "unavailable";
  return new MirrorError(kind, `git fetch failed: ${said}`);
}
