import { dirname, isAbsolute, join, resolve } from "node:path";
import { askText } from "./ask-text.ts";
import type { GitRepository } from "./model.ts";

/** How an address is reached. */
export type PinnedProtocol = "https" | "http" | "ssh" | "file";

export interface PinnedAddress {
  readonly url: string;
  readonly protocol: PinnedProtocol;
}

/**
 * The address of `owner/name` on the forge that another repository lies on, written as that one's is; null
 * when no forge follows from it. A folder on this machine stands for a forge with its neighbours.
 */
export function besideRepository(origin: string, name: string): PinnedAddress | null {
  const end = /\.git\/?$/.test(origin) ? ".git" : "";
  if (isAbsolute(origin)) {
    const forge = dirname(dirname(origin.replace(/\/+$/, "")));
    return { url: join(forge, `${name}${end}`), protocol: "file" };
  }
  const url = URL.parse(origin);
  if (url !== null && /^(?:https|http|ssh):$/.test(url.protocol)) {
    const login = url.protocol === "ssh:" && url.username !== "" ? `${url.username}@` : "";
    return addressOf(`${url.protocol}//${login}${url.host}/${name}${end}`);
  }
  if (url?.protocol === "file:") return besideRepository(decodeURIComponent(url.pathname), name);
  const [, host] =
    /^((?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*):(?!\/\/|:)/.exec(origin) ?? [];
  return host === undefined ? null : { url: `${host}:${name}${end}`, protocol: "ssh" };
}

/** A whole URL as an address; null for anything but https and ssh, and for one that carries a password. */
export function addressOf(text: string): PinnedAddress | null {
  const url = URL.parse(text);
  if (url === null || url.password !== "") return null;
  if (url.protocol === "ssh:") return { url: url.href, protocol: "ssh" };
  if (url.username !== "") return null;
  if (url.protocol === "https:") return { url: url.href, protocol: "https" };
  return url.protocol === "http:" ? { url: url.href, protocol: "http" } : null;
}

export function isWholeUrl(repo: string): boolean {
  return repo.includes("://");
}

/**
 * Whether a list allows a repository, as an include names it. An entry is such a name, or a beginning of it with
 * `/*` in place of the rest; `*` alone is every `owner/name`.
 */
export function isAllowed(repo: string, allowed: readonly string[]): boolean {
  return allowed.some((entry) => {
    if (entry === "*") return !isWholeUrl(repo);
    return entry.endsWith("/*") ? repo.startsWith(entry.slice(0, -1)) : repo === entry;
  });
}

/** Where the remote `origin` of a repository points; null without one. A relative path starts at the repository. */
export async function originOf({ path, trusted }: GitRepository): Promise<string | null> {
  const { text } = await askText(
    { path, trusted },
    { arguments: ["config", "--get", "remote.origin.url"], accepted: [1] },
  );
  const url = text.trim();
  if (url === "") return null;
  return url.startsWith("./") || url.startsWith("../") ? resolve(path, url) : url;
}
