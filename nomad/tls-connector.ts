import { readFile } from "node:fs/promises";
import { buildConnector } from "undici";
import type { NomadTls } from "./config.ts";

/**
 * Opens connections to Nomad. Certificates are read for each new connection, so that rotated files
 * need no restart; connections already open keep the old ones until they end.
 */
export function connectorFor(tls: NomadTls | null, timeoutMs: number): buildConnector.connector {
  if (tls === null) return buildConnector({ timeout: timeoutMs });
  return (options, done) => {
    const connect = async (): Promise<void> => {
      try {
        const material = await readTls(tls);
        const serverName = tls.serverName === null ? {} : { servername: tls.serverName };
        // Throws for files that do not belong together, as they do not while they are being replaced.
        buildConnector({ timeout: timeoutMs, ...material, ...serverName })(options, done);
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)), null);
      }
    };
    void connect();
  };
}

async function readTls(tls: NomadTls): Promise<{ ca?: Buffer; cert?: Buffer; key?: Buffer }> {
  const read = async (path: string | null, what: string): Promise<Buffer | null> => {
    if (path === null) return null;
    return await readFile(path).catch((cause: unknown) => {
      throw new Error(`cannot read the ${what} for Nomad: ${path}`, { cause });
    });
  };
  const [ca, cert, key] = await Promise.all([
    read(tls.caFile, "CA certificate"),
    read(tls.certFile, "client certificate"),
    read(tls.keyFile, "client key"),
  ]);
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}
