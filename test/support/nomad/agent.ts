import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { freePorts } from "../../../nomad/free-ports.ts";
import { findNomadBinary } from "../../nomad-agent/binary.ts";
import { agentConfig, type AgentOptions, type AgentRole, type DaemonRole } from "./agent-config.ts";
import { dockerCommand, dockerHost, startDocker } from "./docker-engine.ts";
import { withDeadline } from "../deadline.ts";

/** A real Nomad of this test alone: one server, one client. */
export interface NomadAgent {
  /** The server's API. */
  readonly address: string;
  readonly folder: string;
  /** Management token; null without ACLs. */
  readonly managementToken: string | null;
  /** kill -9 of one of them; tasks go on. */
  kill(role: DaemonRole): Promise<void>;
  /** SIGTERM, as a package manager or a system's shutdown sends it. */
  end(role: AgentRole): Promise<void>;
  /** Starts it again on the same data; waits for a leader, for a node that is ready, or for the engine. */
  restart(role: DaemonRole): Promise<void>;
  stop(): Promise<void>;
  logTail(): Promise<string>;
}

type Keeper = ChildProcessByStdio<Writable, Readable, null>;

const READY_MS = 60_000;
/** Removing the layers of a container image takes its time on a slow disk. */
const STOP_MS = 60_000;
const LOG_LINES = 30;

/** Everything it starts ends with `stop`, or with this process. Throws with the log's tail when it does not come up. */
export async function startNomadAgent(options: AgentOptions = {}): Promise<NomadAgent> {
  const binary = await findNomadBinary();
  if (binary.path === null) throw new Error(binary.because);
  // QEMU's monitor sockets lie below and must fit 108 bytes, so the name is short.
  const folder = await mkdtemp("/tmp/dn-");
  const [http = 0, rpc = 0, serf = 0, clientHttp = 0, clientRpc = 0, clientSerf = 0] = await freePorts(6);
  const ports = { http, rpc, serf, serverRpc: rpc };
  const clientPorts = { http: clientHttp, rpc: clientRpc, serf: clientSerf, serverRpc: rpc };
  const write = (name: string, content: unknown) => writeFile(join(folder, name), JSON.stringify(content));
  await write("server.json", agentConfig("server", folder, ports, options));
  await write("client.json", agentConfig("client", folder, clientPorts, options));
  const start = (role: AgentRole) => [binary.path, "agent", "-config", join(folder, `${role}.json`)];
  await write("server.command.json", start("server"));
  const more = options.clientConfigFolder === undefined ? [] : ["-config", options.clientConfigFolder];
  const engine = options.docker === true ? [`DOCKER_HOST=${dockerHost(folder)}`] : [];
  await write("client.command.json", ["env", ...engine, ...start("client"), ...more]);
  if (options.docker === true) await write("docker.command.json", dockerCommand(folder));
  const keeper = spawn(process.execPath, [join(import.meta.dirname, "agent-keeper.ts"), folder], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const address = `http://127.0.0.1:${ports.http}`;
  const logTail = async (): Promise<string> => {
    const read = async (role: string): Promise<string> => {
      const text = await readFile(join(folder, `${role}.log`), "utf8").catch(() => "");
      return `${role}:\n${text.split("\n").slice(-LOG_LINES).join("\n")}`;
    };
    return [await read("docker"), await read("server"), await read("client")].join("\n");
  };
  const tell = async (command: string): Promise<void> => {
    const answer = answerOf(keeper, `done ${command}`);
    keeper.stdin.write(`${command}\n`);
    await withDeadline(`the agents' keeper to ${command}`, STOP_MS, () => answer, logTail);
  };
  const stop = async (): Promise<void> => {
    if (keeper.exitCode !== null) return;
    const exited = new Promise<void>((resolve) => keeper.once("exit", () => resolve()));
    keeper.stdin.end();
    await withDeadline("the agents to stop", STOP_MS, () => exited, logTail);
  };
  try {
    await tell("start server");
    if (options.docker === true) await startDocker(folder, tell, logTail);
    await untilLeader(address, logTail);
    if (options.clientWaits !== true) await tell("start client");
    const managementToken = options.acl === true ? await bootstrapToken(address, logTail) : null;
    if (options.clientWaits !== true) await untilReady(address, managementToken, logTail);
    return {
      address,
      folder,
      managementToken,
      logTail,
      stop,
      kill: (role) => tell(`kill ${role}`),
      end: (role) => tell(`end ${role}`),
      async restart(role) {
        if (role === "docker") return await startDocker(folder, tell, logTail);
        await tell(`start ${role}`);
        if (role === "server") await untilLeader(address, logTail);
        else await untilReady(address, managementToken, logTail);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answerOf(keeper: Keeper, line: string): Promise<void> {
  const [piece] = (await once(keeper.stdout, "data")) as [Buffer];
  const text = piece.toString("utf8").trim();
  if (text !== line) throw new Error(`the agents' keeper said: ${text}`);
}

async function untilLeader(address: string, logTail: () => Promise<string>): Promise<void> {
  const leads = async (): Promise<boolean> => {
    const answer = await fetch(`${address}/v1/status/leader`, { signal: AbortSignal.timeout(2_000) });
    return (await answer.text()).includes(":");
  };
  await withDeadline("a Nomad leader", READY_MS, leads, logTail);
}

async function untilReady(
  address: string,
  token: string | null,
  logTail: () => Promise<string>,
): Promise<void> {
  const headers = token === null ? {} : { "x-nomad-token": token };
  const isReady = async (): Promise<boolean> => {
    const answer = await fetch(`${address}/v1/nodes`, { headers, signal: AbortSignal.timeout(2_000) });
    const nodes = (await answer.json()) as { Status: string }[];
    return nodes.some((node) => node.Status === "ready");
  };
  await withDeadline("a ready Nomad node", READY_MS, isReady, logTail);
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
