import { createConnection, createServer, type AddressInfo, type Socket } from "node:net";
import { pipeline } from "node:stream/promises";

export interface Forwarder {
  /** `http://127.0.0.1:port`, for programs that cannot speak HTTP over a Unix socket. */
  readonly url: string;
  close(): void;
}

/** Forwards bytes from a free loopback port to one Unix socket, until closed. It adds no right: callers still need their token. */
export async function forwardFromLoopback(socketPath: string): Promise<Forwarder> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = createConnection({ path: socketPath, allowHalfOpen: true });
    for (const socket of [near, far]) {
      open.add(socket);
      socket.once("close", () => open.delete(socket));
    }
    Promise.all([pipeline(near, far), pipeline(far, near)]).catch(() => {
      near.destroy();
      far.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port: 0 }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
