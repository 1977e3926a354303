export interface AgentPorts {
  readonly http: number;
  readonly rpc: number;
  readonly serf: number;
}

export interface AgentOptions {
  /** ACLs on, with the bootstrap token of the answer. */
  readonly acl?: boolean;
  /** Host volumes by name. */
  readonly hostVolumes?: Readonly<Record<string, { readonly path: string; readonly readOnly: boolean }>>;
  /** `plugin` blocks beside raw_exec, as Nomad's JSON configuration has them. */
  readonly plugins?: readonly Readonly<Record<string, unknown>>[];
  /** Memory that the client claims to have. Small enough to fill in a test. */
  readonly memoryMegabytes?: number;
}

/** A server and a client in one process, on loopback alone, quick to notice a dead client. */
export function agentConfig(folder: string, ports: AgentPorts, options: AgentOptions): object {
  return {
    bind_addr: "127.0.0.1",
    advertise: { http: "127.0.0.1", rpc: "127.0.0.1", serf: "127.0.0.1" },
    ports,
    data_dir: `${folder}/data`,
    log_level: "INFO",
    disable_update_check: true,
    leave_on_interrupt: false,
    server: {
      enabled: true,
      bootstrap_expect: 1,
      min_heartbeat_ttl: "5s",
      max_heartbeats_per_second: 1,
      heartbeat_grace: "5s",
    },
    client: {
      enabled: true,
      network_interface: "lo",
      memory_total_mb: options.memoryMegabytes ?? 4_096,
      cpu_total_compute: 8_000,
      max_kill_timeout: "5m",
      // The environment of a build machine must not decide what the agent believes to be.
      options: { "fingerprint.denylist": "env_aws,env_gce,env_azure,env_digitalocean,consul,vault" },
      host_volume: Object.entries(options.hostVolumes ?? {}).map(([name, volume]) => ({
        [name]: [{ path: volume.path, read_only: volume.readOnly }],
      })),
    },
    plugin: [{ raw_exec: [{ config: [{ enabled: true }] }] }, ...(options.plugins ?? [])],
    acl: { enabled: options.acl ?? false },
  };
}
