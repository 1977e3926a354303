import { once } from "node:events";
import { createServer } from "node:net";

/** Free ports of loopback. All are held at once, so that they differ; another process could still take one before it is used. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => {
    const at = server.address();
    return at === null || typeof at === "string" ? 0 : at.port;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
