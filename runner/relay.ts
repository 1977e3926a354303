import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import { connect as connectTcp, createServer, isIP, type Server, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

export interface RelaySettings {
  /** Where runners connect. Its folder must exist; containers mount that folder read-only. */
  readonly socketPath: string;
  /** The one place bytes go to: `http://host:port` or `https://host:port`. */
  readonly controlPlane: URL;
  /** Certificates in PEM to trust in place of the system's own; null for the system's. */
  readonly ca: string | null;
  /** Connections at once; one more is closed as soon as it comes. */
  readonly connectionsMax: number;
  /** A connection on which neither side sends a byte for this long is closed. */
  readonly idleMs: number;
  readonly connectMs: number;
}

/** Room for some hundred runners with their heartbeat, log and fetch connections. */
export const RELAY_CONNECTIONS_MAX = 1_024;
/** A fetch may be silent while the mirror packs; a heartbeat's connection speaks every few seconds. */
export const RELAY_IDLE_MS = 10 * 60_000;
export const RELAY_CONNECT_MS = 10_000;
/** Any user of any container may connect: what it may do there is for its lease to say. */
const SOCKET_MODE = 0o666;

export interface Relay {
  readonly connections: number;
  /** Takes no more connections and breaks those that are open. */
  close(): Promise<void>;
}

/**
 * Forwards bytes from a Unix socket to the control plane and to nothing else, so that a job without
 * any network can still be fetched, run and reported. It reads nothing of what it carries.
 * Throws when the socket cannot be made, e.g. because another relay serves it.
 */
export async function startRelay(settings: RelaySettings): Promise<Relay> {
  await removeStaleSocket(settings.socketPath);
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (inner) => {
    if (open.size >= settings.connectionsMax) {
      inner.destroy();
      return;
    }
    open.add(inner);
    inner.once("close", () => open.delete(inner));
    join(inner, connectOut(settings), settings);
  });
  await listen(server, settings.socketPath);
  return {
    get connections() {
      return open.size;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** Joins two ends: bytes at the pace of the slower one, and the end of one is the end of the other. */
function join(inner: Socket, outer: Socket, settings: RelaySettings): void {
  const giveUp = setTimeout(() => outer.destroy(), settings.connectMs);
  outer.once("connect", () => clearTimeout(giveUp));
  // One clock for both directions: silence of one is ordinary while the other sends.
  const idle = setTimeout(() => inner.destroy(), settings.idleMs);
  for (const [from, to] of [
    [inner, outer],
    [outer, inner],
  ] as const) {
    from.pipe(to);
    from.on("data", () => idle.refresh());
    from.on("error", () => from.destroy());
    from.once("close", () => {
      clearTimeout(giveUp);
      // After an ordinary end the other side still has bytes to deliver, and ends by itself.
      if (!from.readableEnded) to.destroy();
      if (to.destroyed) clearTimeout(idle);
    });
  }
}

function connectOut(settings: RelaySettings): Socket {
  const { hostname, port, protocol } = settings.controlPlane;
  const host = hostname.replace(/^\[|\]$/g, "");
  if (protocol === "http:") return connectTcp({ host, port: Number(port || 80), allowHalfOpen: true });
  return connectTls({
    host,
    port: Number(port || 443),
    // An address is no name to ask for; the certificate is checked against it all the same.
    ...(isIP(host) === 0 && { servername: host }),
    ...(settings.ca !== null && { ca: settings.ca }),
  });
}

async function listen(server: Server, socketPath: string): Promise<void> {
  const listening = once(server, "listening");
  server.listen(socketPath);
  await listening;
  await chmod(socketPath, SOCKET_MODE);
}

/** A relay that was killed leaves its socket; one that lives answers, and then this one must not start. */
async function removeStaleSocket(socketPath: string): Promise<void> {
  const probe = connectTcp(socketPath);
  try {
    await once(probe, "connect");
  } catch {
    await rm(socketPath, { force: true });
    return;
  } finally {
    probe.destroy();
  }
  throw new Error(`another relay serves ${socketPath}`);
}
