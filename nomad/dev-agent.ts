import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, open, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { NodeList } from "./api-types.ts";
import { NomadClient } from "./client.ts";
import { CLIENT_DEFAULTS } from "./config.ts";
import { endDevAgent } from "./end-dev-agent.ts";
import { freePorts } from "./free-ports.ts";
import { NomadError } from "./nomad-error.ts";

export interface DevAgent {
  readonly address: string;
  /** For DELTA_NOMAD_CONFIG. Goes with the agent. */
  readonly configFile: string;
  /** Settles when the agent has ended, with how. */
  readonly ended: Promise<string>;
  /** See endDevAgent. Repeated, it is the same stop. */
  stop(atOnce?: AbortSignal): Promise<string | null>;
}

export interface DevAgentOptions {
  /** A `nomad` program. */
  readonly nomad: string;
  /** How a task starts the runner: an absolute program and its arguments. */
  readonly runner: readonly [string, ...string[]];
}

const READY_MS = 60_000;
const POLL_MS = 100;
const LOG_LINES = 10;

/**
 * A throw-away Nomad of one process on free loopback ports, in development mode: it keeps nothing, and
 * its tasks end with it. Attempts run as plain processes of this user, without isolation.
 * Throws an Error with the end of its log when it does not come up.
 */
export async function startDevAgent({ nomad, runner }: DevAgentOptions): Promise<DevAgent> {
  const folder = await mkdtemp(join(tmpdir(), "delta-nomad-"));
  const logFile = join(folder, "nomad.log");
  let agent: ChildProcess | null = null;
  let stopping: Promise<string | null> | null = null;
  const stop = (atOnce?: AbortSignal): Promise<string | null> =>
    (stopping ??= endDevAgent(agent, folder, atOnce));
  try {
    const [http = 0, rpc = 0, serf = 0] = await freePorts(3);
    const address = `http://127.0.0.1:${http}`;
    await writeFile(join(folder, "agent.json"), JSON.stringify(agentConfig({ http, rpc, serf })));
    const configFile = join(folder, "delta-nomad.json");
    await writeFile(configFile, JSON.stringify(deltaConfig(address, runner, folder), null, 2));
    const log = await open(logFile, "a", 0o600);
    agent = spawn(nomad, ["agent", "-dev", "-config", join(folder, "agent.json")], {
      stdio: ["ignore", log.fd, log.fd],
      cwd: folder,
      // In development mode Nomad keeps its data in temporary folders, and leaves them behind.
      env: { ...process.env, TMPDIR: folder },
      // The terminal's Ctrl-C reaches us alone; we end the agent.
      detached: true,
    });
    const ended = endOf(agent);
    await log.close();
    const failure = await untilReady(address, ended);
    if (failure !== null) throw new Error(failure);
    return { address, configFile, ended, stop };
  } catch (cause) {
    const tail = (await readFile(logFile, "utf8").catch(() => "")).trim().split("\n").slice(-LOG_LINES);
    await stop();
    throw new Error(`${nomad} did not come up: ${(cause as Error).message}\n${tail.join("\n")}`, { cause });
  }
}

/** In words, whether it never started or has ended. */
function endOf(agent: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    agent.once("error", (error) => resolve(error.message));
    agent.once("exit", (code, signal) => resolve(`it ended with ${code ?? signal}`));
  });
}

/** null when its node takes work; else what kept it from that. */
async function untilReady(address: string, ended: Promise<string>): Promise<string | null> {
  const client = new NomadClient({ ...CLIENT_DEFAULTS, address });
  const end = performance.now() + READY_MS;
  try {
    while (performance.now() < end) {
      const failure = await Promise.race([isReady(client).then((ready) => (ready ? null : "")), ended]);
      if (failure !== "") return failure;
      await delay(POLL_MS);
    }
  } finally {
    await client.close();
  }
  return `it was not ready within ${READY_MS / 1_000} s`;
}

async function isReady(client: NomadClient): Promise<boolean> {
  try {
    const { value } = await client.call({ method: "GET", path: "/nodes", answer: NodeList });
    return value.some(({ Status }) => Status === "ready");
  } catch (error) {
    if (error instanceof NomadError) return false;
    throw error;
  }
}

function agentConfig(ports: { readonly http: number; readonly rpc: number; readonly serf: number }): object {
  return {
    bind_addr: "127.0.0.1",
    advertise: { http: "127.0.0.1", rpc: "127.0.0.1", serf: "127.0.0.1" },
    ports,
    disable_update_check: true,
    client: {
      network_interface: "lo",
      max_kill_timeout: "5m",
      // The environment of a laptop must not decide what the agent believes to be.
      options: { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean,consul,vault" },
    },
    plugin: [{ raw_exec: [{ config: [{ enabled: true }] }] }],
  };
}

function deltaConfig(
  address: string,
  [command, ...args]: readonly [string, ...string[]],
  folder: string,
): object {
  const resources = { cpu_millis: 100, memory_mb: 256, disk_mb: 100 };
  return {
    version: 1,
    address,
    installation: "dev",
    pools: {
      default: {
        task: { driver: "raw_exec", command, args, workspace_root: join(folder, "workspaces") },
        resources,
        resources_max: { cpu_millis: 64_000, memory_mb: 64_000, disk_mb: 64_000 },
      },
    },
  };
}
