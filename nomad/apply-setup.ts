import { Written } from "./api-types.ts";
import { NomadClient } from "./client.ts";
import type { NomadClientConfig } from "./config.ts";
import { NomadError } from "./nomad-error.ts";
import type { SetupOptions } from "./setup-options.ts";
import { relayFile, relayJobName } from "./setup-relay.ts";
import { NODE_POOL_DESCRIPTION } from "./setup-text.ts";
import { namespaceDescription, namespaceLimits, policyOf } from "./setup.ts";

/** The name of the ACL policy; a token of the control plane has this one and no other. */
export const POLICY_NAME = "delta";

export interface AppliedPart {
  readonly part: "node pool" | "namespace" | "policy" | "relay job";
  readonly name: string;
  /** What was done, or why it was left out. */
  readonly outcome: "applied" | "left out: this cluster runs without ACLs";
}

/**
 * Writes policy, namespace, node pool and a relay that is a job to the cluster, replacing what is there under the same names.
 * Needs a management token. What belongs on clients, and the token itself, stay with the operators.
 * Throws a NomadError at the first part that Nomad refuses; repeating it is safe.
 */
export async function applySetup(
  client: NomadClientConfig,
  options: SetupOptions,
): Promise<readonly AppliedPart[]> {
  const nomad = new NomadClient(client);
  const write = async (path: string, body: object): Promise<unknown> =>
    (await nomad.call({ method: "POST", path, body: JSON.stringify(body), answer: Written })).value;
  try {
    const { namespace, machines } = options;
    const nodePools = [options.nodePool, ...(machines === null ? [] : [machines.nodePool])];
    for (const Name of nodePools) await write("/node/pools", { Name, Description: NODE_POOL_DESCRIPTION });
    const { drivers, networks } = namespaceLimits(options);
    await write("/namespace", {
      Name: namespace,
      Description: namespaceDescription(options),
      Capabilities: { EnabledTaskDrivers: drivers, EnabledNetworkModes: networks },
    });
    const Rules = policyOf(options);
    const policy = await write(`/acl/policy/${POLICY_NAME}`, { Name: POLICY_NAME, Rules }).then(
      () => "applied" as const,
      (error: unknown) => {
        if (!(error instanceof NomadError) || !/ACL support disabled/i.test(error.message)) throw error;
        return "left out: this cluster runs without ACLs" as const;
      },
    );
    if (options.relay.kind === "nomad") {
      // The file that operators review is what is registered: Nomad itself reads it.
      const Job = await write("/jobs/parse", { JobHCL: relayFile(options).text, Canonicalize: true });
      await write("/jobs", { Job });
    }
    return [
      ...nodePools.map((name) => ({ part: "node pool", name, outcome: "applied" }) as const),
      { part: "namespace", name: namespace, outcome: "applied" },
      { part: "policy", name: POLICY_NAME, outcome: policy },
      ...(options.relay.kind === "nomad"
        ? [{ part: "relay job", name: relayJobName(options), outcome: "applied" } as const]
        : []),
    ];
  } finally {
    await nomad.close();
  }
}
