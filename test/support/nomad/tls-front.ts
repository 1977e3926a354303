import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { createServer, type TlsOptions } from "node:tls";
import type { Certificate } from "../certificates.ts";

/** Ends TLS before a server that speaks none. */
export interface TlsFront {
  readonly port: number;
  /** Another certificate, or other authorities for clients; connections that are open break. */
  present(material: TlsMaterial): void;
  close(): Promise<void>;
}

export interface TlsMaterial {
  readonly certificate: Certificate;
  /** Who must have signed a client's certificate; null asks for none. */
  readonly clientAuthorities: readonly string[] | null;
}

export async function startTlsFront(target: number, material: TlsMaterial): Promise<TlsFront> {
  const open = new Set<{ destroy(): void }>();
  const options = { ...contextOf(material), requestCert: material.clientAuthorities !== null };
  const server = createServer(options, (inner) => {
    const outer = connect({ host: "127.0.0.1", port: target });
    const end = (): void => {
      inner.destroy();
      outer.destroy();
      open.delete(inner);
    };
    open.add(inner);
    for (const socket of [inner, outer]) socket.on("error", end).on("close", end);
    inner.pipe(outer).pipe(inner);
  });
  const accepted = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    accepted.add(socket);
    socket.on("close", () => accepted.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const at = server.address();
  return {
    port: typeof at === "object" ? (at?.port ?? 0) : 0,
    present(next) {
      server.setSecureContext(contextOf(next));
      for (const socket of open) socket.destroy();
    },
    close() {
      // Those whose handshake is under way are no connections of `server` yet, and would hold it open.
      for (const socket of [...open, ...accepted]) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function contextOf({ certificate, clientAuthorities }: TlsMaterial): TlsOptions {
  return {
    cert: readFileSync(certificate.certFile),
    key: readFileSync(certificate.keyFile),
    ...(clientAuthorities !== null && { ca: clientAuthorities.map((file) => readFileSync(file)) }),
  };
}
