import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { findNomadBinary } from "../../nomad-agent/binary.ts";
import { agentConfig, type AgentOptions, type AgentPorts } from "./agent-config.ts";
import { withDeadline } from "./deadline.ts";

/** A real Nomad agent of this test alone. */
export interface NomadAgent {
  readonly address: string;
  readonly folder: string;
  /** Management token; null without ACLs. */
  readonly managementToken: string | null;
  /** kill -9 of the agent; its tasks go on. */
  kill(): Promise<void>;
  /** Starts it again on the same data and waits until its node is ready. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  logTail(): Promise<string>;
}

type Keeper = ChildProcessByStdio<Writable, Readable, null>;

const READY_MS = 60_000;
const STOP_MS = 20_000;

/** Everything it starts ends with `stop`, or with this process. Throws with the log's tail when it does not come up. */
export async function startNomadAgent(options: AgentOptions = {}): Promise<NomadAgent> {
  const binary = await findNomadBinary();
  if (binary.path === null) throw new Error(binary.because);
  // QEMU's monitor sockets lie below and must fit 108 bytes, so the name is short.
  const folder = await mkdtemp("/tmp/dn-");
  const ports = await freePorts();
  await writeFile(join(folder, "agent.json"), JSON.stringify(agentConfig(folder, ports, options)));
  const keeper = spawn(
    process.execPath,
    [join(import.meta.dirname, "agent-keeper.ts"), binary.path, folder],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const address = `http://127.0.0.1:${ports.http}`;
  const logTail = async (): Promise<string> =>
    (await readFile(join(folder, "agent.log"), "utf8").catch(() => "")).split("\n").slice(-40).join("\n");
  const stop = async (): Promise<void> => {
    if (keeper.exitCode !== null) return;
    const exited = new Promise<void>((resolve) => keeper.once("exit", () => resolve()));
    keeper.stdin.end();
    await withDeadline("the agent to stop", STOP_MS, () => exited, logTail);
  };
  try {
    await answerOf(keeper, "started");
    const managementToken = options.acl === true ? await bootstrapToken(address, logTail) : null;
    await untilReady(address, managementToken, logTail);
    return {
      address,
      folder,
      managementToken,
      logTail,
      stop,
      async kill() {
        keeper.stdin.write("kill\n");
        await answerOf(keeper, "killed");
      },
      async restart() {
        keeper.stdin.write("start\n");
        await answerOf(keeper, "started");
        await untilReady(address, managementToken, logTail);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answerOf(keeper: Keeper, word: string): Promise<void> {
  const answer = new Promise<void>((resolve, reject) => {
    keeper.stdout.once("data", (piece: Buffer) => {
      const text = piece.toString("utf8");
      if (text.startsWith(word)) resolve();
      else reject(new Error(`the agent's keeper said: ${text}`));
    });
  });
  await withDeadline(`the agent's keeper to say "${word}"`, READY_MS, () => answer);
}

async function untilReady(
  address: string,
  token: string | null,
  logTail: () => Promise<string>,
): Promise<void> {
  const headers = token === null ? {} : { "x-nomad-token": token };
  await withDeadline(
    "a ready Nomad node",
    READY_MS,
    async () => {
      const answer = await fetch(`${address}/v1/nodes`, { headers, signal: AbortSignal.timeout(2_000) });
      const nodes = (await answer.json()) as { Status: string }[];
      return nodes.some((node) => node.Status === "ready");
    },
    logTail,
  );
}

async function bootstrapToken(address: string, logTail: () => Promise<string>): Promise<string> {
  let token = "";
  await withDeadline(
    "the ACL bootstrap",
    READY_MS,
    async () => {
      const answer = await fetch(`${address}/v1/acl/bootstrap`, { method: "POST" });
      if (!answer.ok) return false;
      token = ((await answer.json()) as { SecretID: string }).SecretID;
      return true;
    },
    logTail,
  );
  return token;
}

/** All three are held at once, so that they differ; another process could still take one before Nomad does. */
async function freePorts(): Promise<AgentPorts> {
  const servers = await Promise.all(
    Array.from(
      { length: 3 },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer();
          server.listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const [http = 0, rpc = 0, serf = 0] = servers.map((server) => {
    const at = server.address();
    return at === null || typeof at === "string" ? 0 : at.port;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return { http, rpc, serf };
}
