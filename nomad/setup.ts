import { jobNamePrefix } from "./job-name.ts";
import type { SetupFile, SetupOptions } from "./setup-options.ts";
import { relayFile, relayVolume } from "./setup-relay.ts";
import { machineFiles } from "./setup-machines.ts";
import { clientLimits, NO_RAW_EXEC, nodePoolText, quote } from "./setup-text.ts";

/**
 * All that the dispatcher asks of Nomad, and nothing it does not: it never reads files of tasks, and of
 * their logs none where there are no machines, never runs commands in them and never purges. Fine-grained register and deregister rights
 * exist since Nomad 1.11.2.
 */
export const NAMESPACE_CAPABILITIES = ["list-jobs", "read-job", "register-job", "deregister-job"] as const;

/** With it a machine that does not come up is explained by the end of its console; a container has other words. */
export const MACHINE_CAPABILITIES = ["read-logs"] as const;

/** What a job of the namespace may use, whatever the dispatcher asks for. */
export function namespaceLimits({ machines }: SetupOptions) {
  return { drivers: machines === null ? ["docker"] : ["docker", "qemu"], networks: ["none"] };
}

export function policyOf({ namespace, runnerVolume, machines }: SetupOptions): string {
  const capabilities = [...NAMESPACE_CAPABILITIES, ...(machines === null ? [] : MACHINE_CAPABILITIES)];
  return policyText(namespace, runnerVolume, capabilities);
}

export function namespaceDescription({ installation }: SetupOptions): string {
  return `Attempts of Delta CI; every job is named ${jobNamePrefix(installation)}<attempt id>`;
}

/** What operators review and apply: each file is complete and can be changed before use. */
export function setupFiles(options: SetupOptions): readonly SetupFile[] {
  return [
    {
      name: "delta-policy.hcl",
      use: "nomad acl policy apply delta delta-policy.hcl",
      text: policyOf(options),
    },
    {
      name: "delta-namespace.hcl",
      use: "nomad namespace apply delta-namespace.hcl",
      text: namespaceText(options),
    },
    {
      name: "delta-node-pool.hcl",
      use: "nomad node pool apply delta-node-pool.hcl",
      text: nodePoolText(options.nodePool),
    },
    {
      name: "delta-client.hcl",
      use: "add to the configuration of every client of the pool, then restart its agent",
      text: clientText(options),
    },
    relayFile(options),
    ...(options.machines === null ? [] : machineFiles(options, options.machines)),
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
  const { drivers, networks } = namespaceLimits(options);
  return `name        = ${quote(options.namespace)}
description = "${namespaceDescription(options)}"

# What a job of this namespace may use, whatever the dispatcher asks for.
capabilities {
  enabled_task_drivers  = [${drivers.map(quote).join(", ")}]
  enabled_network_modes = [${networks.map(quote).join(", ")}]
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
${clientLimits()}
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

${NO_RAW_EXEC}`;
}
