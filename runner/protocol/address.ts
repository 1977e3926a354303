/** Where the control plane listens: a host and port, or a Unix socket. */
export type Address =
  | { readonly kind: "tcp"; readonly secure: boolean; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly socketPath: string };

/** Accepts `http://host:port`, `https://host:port` and `unix:/absolute/path`; throws naming what is wrong. */
export function parseAddress(url: string): Address {
  if (url.startsWith("unix:")) {
    const socketPath = url.slice("unix:".length);
    if (!socketPath.startsWith("/")) throw new TypeError(`"${url}" names no absolute socket path`);
    return { kind: "unix", socketPath };
  }
  const parsed = URL.parse(url);
  if (parsed === null || (parsed.protocol !== "http:" && parsed.protocol !== "https:"))
    throw new TypeError(`"${url}" is not http://host:port, https://host:port or unix:/path`);
  if (parsed.username !== "" || parsed.password !== "" || parsed.search !== "" || parsed.hash !== "")
    throw new TypeError("a control plane URL holds no user, query or fragment");
  if (parsed.pathname !== "/") throw new TypeError(`"${url}" has a path; give only scheme, host and port`);
  const secure = parsed.protocol === "https:";
  const port = parsed.port === "" ? (secure ? 443 : 80) : Number(parsed.port);
  return { kind: "tcp", secure, host: parsed.hostname.replace(/^\[|\]$/g, ""), port };
}
