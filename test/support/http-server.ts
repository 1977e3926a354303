import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { onTestFinished } from "vitest";
import { createHttpServer } from "../../control-plane/http/server.ts";

export interface TestServer {
  readonly url: string;
  /** Every log line so far, as text. */
  readonly log: readonly string[];
}

/** The control plane's HTTP server on a free port of loopback with the routes given; closed when the test ends. */
export async function startHttpServer(register: (app: FastifyInstance) => void): Promise<TestServer> {
  const log: string[] = [];
  const app = await createHttpServer({
    logLevel: "trace",
    logStream: { write: (line) => void log.push(line) },
  });
  onTestFinished(() => app.close());
  register(app);
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, log };
}
