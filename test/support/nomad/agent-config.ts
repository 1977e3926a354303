import { dockerPlugin } from "./docker-engine.ts";

export interface AgentPorts {
  readonly http: number;
  readonly rpc: number;
  readonly serf: number;
  /** Where the client finds its server. */
  readonly serverRpc: number;
}

export interface AgentOptions {
  /** ACLs on, with the bootstrap token of the answer. */
  readonly acl?: boolean;
  /** Host volumes by name. */
  readonly hostVolumes?: Readonly<Record<string, { readonly path: string; readonly readOnly: boolean }>>;
  /** A Docker engine of this test alone, and the driver for it. */
  readonly docker?: boolean;
  /** `plugin` blocks beside raw_exec, as Nomad's JSON configuration has them. */
  readonly plugins?: readonly Readonly<Record<string, unknown>>[];
  /** Memory that the client claims to have. Small enough to fill in a test. */
  readonly memoryMegabytes?: number;
  /**
   * A folder whose files the client reads after its own configuration. What they say of a plugin stands in place of
   * what is said here, so the client finds its Docker engine by the environment.
   */
  readonly clientConfigFolder?: string;
  /** The client is not started until `restart` is called for it. */
  readonly clientWaits?: true;
  /** Allocations whose folders the client keeps, ended ones included; Nomad's own default is 50. */
  readonly allocationsKept?: number;
}

export type AgentRole = "server" | "client";
/** What a test can kill: the agents, and the Docker engine where there is one. */
export type DaemonRole = AgentRole | "docker";

/**
 * A server and a client as two processes on loopback: each can be killed alone, and a client that
 * starts after its server need not wait for the next try of its registration, 15 s later.
 */
export function agentConfig(
  role: AgentRole,
  folder: string,
  ports: AgentPorts,
  options: AgentOptions,
): object {
  return {
    name: role,
    bind_addr: "127.0.0.1",
    advertise: { http: "127.0.0.1", rpc: "127.0.0.1", serf: "127.0.0.1" },
    ports: { http: ports.http, rpc: ports.rpc, serf: ports.serf },
    data_dir: `${folder}/data/${role}`,
    log_level: "INFO",
    disable_update_check: true,
    leave_on_interrupt: false,
    acl: { enabled: options.acl ?? false },
    ...(role === "server" ? SERVER : clientConfig(folder, ports, options)),
  };
}

/** Quick to notice a dead client. */
const SERVER = {
  server: {
    enabled: true,
    bootstrap_expect: 1,
    min_heartbeat_ttl: "5s",
    max_heartbeats_per_second: 1,
    heartbeat_grace: "5s",
  },
};

function clientConfig(folder: string, ports: AgentPorts, options: AgentOptions): object {
  return {
    client: {
      enabled: true,
      servers: [`127.0.0.1:${ports.serverRpc}`],
      network_interface: "lo",
      memory_total_mb: options.memoryMegabytes ?? 4_096,
      cpu_total_compute: 8_000,
      max_kill_timeout: "5m",
      gc_max_allocs: options.allocationsKept ?? 50,
      // The environment of a build machine must not decide what the agent believes to be.
      options: { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean,consul,vault" },
      host_volume: Object.entries(options.hostVolumes ?? {}).map(([name, volume]) => ({
        [name]: [{ path: volume.path, read_only: volume.readOnly }],
      })),
    },
    plugin: [
      { raw_exec: [{ config: [{ enabled: true }] }] },
      ...(options.docker === true ? [dockerPlugin(folder)] : []),
      ...(options.plugins ?? []),
    ],
  };
}
