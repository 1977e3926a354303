import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { request as forward } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { NomadTls } from "../../nomad/config.ts";
import { NomadDispatcher } from "../../nomad/dispatcher.ts";
import { makeAuthority } from "../support/certificates.ts";
import { startFakeNomad } from "../support/nomad/fake-nomad.ts";
import { dispatchRequest, nomadConfig } from "../support/nomad/requests.ts";

const SERVER_NAME = "server.global.nomad";

/** The fake Nomad behind TLS that asks for a client certificate, as a hardened cluster does. */
async function world() {
  const folder = await mkdtemp(join(tmpdir(), "delta-tls-"));
  const authority = makeAuthority(folder);
  const server = authority.issue("server", SERVER_NAME);
  const client = authority.issue("client", "client.global.nomad");
  const fake = await startFakeNomad();
  const front = createServer(
    {
      key: readFileSync(server.keyFile),
      cert: readFileSync(server.certFile),
      ca: readFileSync(authority.caFile),
      requestCert: true,
      rejectUnauthorized: true,
    },
    (inner, answer) => {
      const { method, headers } = inner;
      const onward = forward(new URL(inner.url ?? "/", fake.address), { method, headers }, (from) => {
        answer.writeHead(from.statusCode ?? 502, from.headers);
        from.pipe(answer);
      });
      inner.pipe(onward);
    },
  );
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  const address = `https://127.0.0.1:${(front.address() as AddressInfo).port}`;
  const tls: NomadTls = { caFile: authority.caFile, ...client, serverName: SERVER_NAME };
  onTestFinished(async () => {
    front.closeAllConnections();
    front.close();
    await fake.close();
    await rm(folder, { recursive: true });
  });
  const open = (changes: Partial<NomadTls>) => {
    const dispatcher = new NomadDispatcher(nomadConfig(address, { tls: { ...tls, ...changes } }));
    onTestFinished(() => dispatcher.close());
    return dispatcher;
  };
  return { open, folder, tls, front };
}

test("a cluster that asks for a client certificate is served with both sides proven", async () => {
  const { open } = await world();
  expect(await open({}).dispatch(dispatchRequest())).toMatchObject({ status: "accepted" });
});

test.each<readonly [string, Partial<NomadTls>]>([
  ["without a client certificate", { certFile: null, keyFile: null }],
  ["without the cluster's authority", { caFile: null }],
  ["under a name that the server's certificate does not hold", { serverName: "server.other.nomad" }],
  ["with a certificate file that does not exist", { certFile: "/nonexistent/client.pem" }],
])("%s nothing is sent, and the outcome is unknown", async (_what, changes) => {
  const { open } = await world();
  expect(await open(changes).dispatch(dispatchRequest())).toMatchObject({ status: "unknown" });
});

test("certificates that were replaced are used by the next connection", async () => {
  const { open, folder, tls, front } = await world();
  const place = join(folder, "rotated");
  mkdirSync(place);
  const [certFile, keyFile] = [join(place, "client.pem"), join(place, "client.key")];
  // A stranger's certificate first: the server refuses it.
  const elsewhere = join(folder, "elsewhere");
  mkdirSync(elsewhere);
  const stranger = makeAuthority(elsewhere).issue("client", "client.global.nomad");
  copyFileSync(stranger.certFile, certFile);
  copyFileSync(stranger.keyFile, keyFile);
  const dispatcher = open({ certFile, keyFile });
  expect(await dispatcher.dispatch(dispatchRequest())).toMatchObject({ status: "unknown" });
  copyFileSync(tls.certFile ?? "", certFile);
  copyFileSync(tls.keyFile ?? "", keyFile);
  front.closeAllConnections();
  expect(await dispatcher.dispatch(dispatchRequest())).toMatchObject({ status: "accepted" });
});

test("a key that is not the certificate's, as halfway through a rotation, is a connection that fails, and the next one is made", async () => {
  const { open, folder, tls } = await world();
  mkdirSync(join(folder, "other"));
  const other = makeAuthority(join(folder, "other")).issue("client", "client.global.nomad");
  const keyFile = join(folder, "current.key");
  copyFileSync(other.keyFile, keyFile);
  const dispatcher = open({ keyFile });
  expect(await dispatcher.dispatch(dispatchRequest())).toMatchObject({ status: "unknown" });
  copyFileSync(tls.keyFile ?? "", keyFile);
  expect(await dispatcher.dispatch(dispatchRequest())).toMatchObject({ status: "accepted" });
});
