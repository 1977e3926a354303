import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { connect, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { startRelay } from "../../runner/relay.ts";
import { makeAuthority, type Authority, type Certificate } from "../support/certificates.ts";

interface World {
  /** Sends bytes through the relay and gives back all that came; empty when nothing did. */
  readonly say: (words: string) => Promise<string>;
  /** What the control plane was sent, once TLS was agreed. */
  readonly heard: string[];
}

type Issue = (authority: Authority) => Certificate;
/** The file of the authority that the relay is told of; null: the system's. */
type Trust = (authority: Authority, folder: string) => Promise<string | null> | string | null;

/** A control plane behind TLS that repeats what it hears, and a relay to it. */
async function world(issue: Issue, trust: Trust, host = "localhost"): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "delta-relay-tls-"));
  const authority = makeAuthority(folder);
  const { keyFile, certFile } = issue(authority);
  const heard: string[] = [];
  const server = createServer(
    { key: readFileSync(keyFile), cert: readFileSync(certFile) },
    (socket: TLSSocket) => {
      socket.on("error", () => socket.destroy());
      socket.on("data", (bytes: Buffer) => {
        heard.push(bytes.toString());
        socket.write(bytes);
      });
    },
  );
  const port = await listen(server);
  const caFile = await trust(authority, folder);
  const relay = await startRelay({
    socketPath: join(folder, "control.sock"),
    controlPlane: new URL(`https://${host}:${port}`),
    ca: caFile === null ? null : readFileSync(caFile, "utf8"),
    connectionsMax: 4,
    idleMs: 10_000,
    connectMs: 5_000,
  });
  onTestFinished(async () => {
    await relay.close();
    server.close();
    await rm(folder, { recursive: true });
  });
  return {
    heard,
    say: async (words) => {
      const client = connect({ path: join(folder, "control.sock"), allowHalfOpen: true });
      client.end(words);
      return await text(client).catch(() => "");
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

test("the control plane is reached by TLS, proven by an authority of one's own", async () => {
  const { say, heard } = await world(
    (authority) => authority.issue("plane", "localhost"),
    (authority) => authority.caFile,
  );
  expect(await say("hello")).toBe("hello");
  expect(heard.join("")).toBe("hello");
});

test.each<readonly [string, Issue, Trust, string]>([
  [
    "of another authority",
    (authority) => authority.issue("plane", "localhost"),
    async (_authority, folder) => {
      await mkdir(join(folder, "other"));
      return makeAuthority(join(folder, "other")).caFile;
    },
    "localhost",
  ],
  [
    "of an authority that the system does not know",
    (authority) => authority.issue("plane", "localhost"),
    () => null,
    "localhost",
  ],
  [
    "that has expired",
    (authority) => authority.issue("plane", "localhost", -1),
    (authority) => authority.caFile,
    "localhost",
  ],
  [
    "for another name",
    (authority) => authority.issue("plane", "ci.example"),
    (authority) => authority.caFile,
    "localhost",
  ],
  [
    "for a name, where an address was asked for",
    (authority) => authority.issue("plane", "localhost"),
    (authority) => authority.caFile,
    "127.0.0.1",
  ],
])(
  "a certificate %s is refused: not a byte is sent, and the runner's end is closed",
  async (_what, issue, trust, host) => {
    const { say, heard } = await world(issue, trust, host);
    expect(await say("a secret")).toBe("");
    expect(heard).toEqual([]);
  },
);

test("whoever speaks to the relay cannot name another destination", async () => {
  const reached: string[] = [];
  const elsewhere = createTcpServer((socket) => {
    reached.push("reached");
    socket.destroy();
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, "localhost", resolve));
  onTestFinished(() => void elsewhere.close());
  const address = elsewhere.address();
  const other = `localhost:${typeof address === "object" ? address?.port : 0}`;
  const { say, heard } = await world(
    (authority) => authority.issue("plane", "localhost"),
    (authority) => authority.caFile,
  );
  const tries = [
    `CONNECT ${other} HTTP/1.1\r\nHost: ${other}\r\n\r\n`,
    `GET http://${other}/ HTTP/1.1\r\nHost: ${other}\r\n\r\n`,
    `PROXY TCP4 127.0.0.1 127.0.0.1 1 ${other.split(":")[1]}\r\n`,
    "\u0005\u0001\u0000",
  ];
  for (const words of tries) expect(await say(words)).toBe(words);
  expect(heard.join("")).toBe(tries.join(""));
  expect(reached).toEqual([]);
});
