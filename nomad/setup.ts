import { jobNamePrefix } from "./job-name.ts";
import type { SetupFile, SetupOptions } from "./setup-options.ts";
import { relayFile, relayVolume } from "./setup-relay.ts";
import { quote } from "./setup-text.ts";

/**
 * All that the dispatcher asks of Nomad, and nothing it does not: it never reads logs or files of
 * tasks, never runs commands in them and never purges. Fine-grained register and deregister rights
 * exist since Nomad 1.11.2.
 */
export const NAMESPACE_CAPABILITIES = ["list-jobs", "read-job", "register-job", "deregister-job"] as const;

/** What a job of the namespace may use, whatever the dispatcher asks for. */
export const NAMESPACE_LIMITS = { drivers: ["docker"], networks: ["none"] } as const;
export const NODE_POOL_DESCRIPTION = "Runs attempts of Delta CI and nothing else";

export function namespaceDescription({ installation }: SetupOptions): string {
  return `Attempts of Delta CI; every job is named ${jobNamePrefix(installation)}<attempt id>`;
}

/** What operators review and apply: each file is complete and can be changed before use. */
export function setupFiles(options: SetupOptions): readonly SetupFile[] {
  return [
    {
      name: "delta-policy.hcl",
      use: "nomad acl policy apply delta delta-policy.hcl",
      text: policyText(options.namespace, options.runnerVolume, NAMESPACE_CAPABILITIES),
    },
    {
      name: "delta-namespace.hcl",
      use: "nomad namespace apply delta-namespace.hcl",
      text: namespaceText(options),
    },
    {
      name: "delta-node-pool.hcl",
      use: "nomad node pool apply delta-node-pool.hcl",
      text: nodePoolText(options),
    },
    {
      name: "delta-client.hcl",
      use: "add to the configuration of every client of the pool, then restart its agent",
      text: clientText(options),
    },
    relayFile(options),
  ];
}

export function policyText(namespace: string, volume: string, capabilities: readonly string[]): string {
  return `namespace ${quote(namespace)} {
  capabilities = [${capabilities.map(quote).join(", ")}]
}

# The runner's folder, read-only.
host_volume ${quote(volume)} {
  capabilities = ["mount-readonly"]
}
`;
}

function namespaceText(options: SetupOptions): string {
  quote(options.installation);
  return `name        = ${quote(options.namespace)}
description = "${namespaceDescription(options)}"

# What a job of this namespace may use, whatever the dispatcher asks for.
capabilities {
  enabled_task_drivers  = [${NAMESPACE_LIMITS.drivers.map(quote).join(", ")}]
  enabled_network_modes = [${NAMESPACE_LIMITS.networks.map(quote).join(", ")}]
}
`;
}

function nodePoolText({ nodePool }: SetupOptions): string {
  return `node_pool ${quote(nodePool)} {
  description = "${NODE_POOL_DESCRIPTION}"
}
`;
}

function clientText(options: SetupOptions): string {
  const { nodePool, runnerVolume, runnerFolder } = options;
  const forRelay = `
  # The same folder for the relay, which makes its socket there.
  host_volume ${quote(relayVolume(options))} {
    path = ${quote(runnerFolder)}
  }
`;
  return `client {
  node_pool        = ${quote(nodePool)}
  # A job's grace and the runner's last report must fit; Nomad cuts longer wishes in silence.
  max_kill_timeout = "5m"
  # Finished attempts are many and small; their folders are read by nobody.
  gc_max_allocs    = 200

  host_volume ${quote(runnerVolume)} {
    path      = ${quote(runnerFolder)}
    read_only = true
  }
${options.relay.kind === "nomad" ? forRelay : ""}}

plugin "docker" {
  config {
    allow_privileged = false
    volumes {
      enabled = false
    }
  }
}

plugin "raw_exec" {
  config {
    enabled = false
  }
}
`;
}
