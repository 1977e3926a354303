import { Type, type Static, type TSchema } from "typebox";
import { validate } from "../schemas/validate.ts";
import {
  CLIENT_DEFAULTS,
  configFaults,
  EVENT_SILENCE_MS_DEFAULT,
  type NomadConfig,
  type NomadPool,
} from "./config.ts";
import { dockerProfile, revealingCapabilities } from "./profiles/docker.ts";
import { rawExecProfile } from "./profiles/raw-exec.ts";
import { QemuTask, qemuProfileOf, qemuTaskFault } from "./read-qemu-task.ts";
import type { TaskProfile } from "./task-profile.ts";

const strict = { additionalProperties: false } as const;
const Text = Type.String({ minLength: 1 });
const Milliseconds = Type.Integer({ minimum: 1, maximum: 600_000 });

const Resources = Type.Object(
  {
    cpu_millis: Type.Integer({ minimum: 1 }),
    memory_mb: Type.Integer({ minimum: 16 }),
    disk_mb: Type.Integer({ minimum: 1 }),
  },
  strict,
);

const Docker = Type.Object(
  {
    driver: Type.Literal("docker"),
    default_image: Type.Optional(Text),
    allowed_images: Type.Optional(Type.Array(Text)),
    require_digest: Type.Optional(Type.Boolean()),
    runner_volume: Type.Optional(Text),
    network: Type.Optional(Text),
    capabilities: Type.Optional(Type.Array(Text)),
    runtime: Type.Optional(Text),
    pids_limit: Type.Optional(Type.Integer({ minimum: 16 })),
    tmp_mb: Type.Optional(Type.Integer({ minimum: 1 })),
    user: Type.Optional(Text),
    seccomp_file: Type.Optional(Text),
  },
  strict,
);

const RawExec = Type.Object(
  {
    driver: Type.Literal("raw_exec"),
    command: Text,
    args: Type.Optional(Type.Array(Type.String())),
    workspace_root: Text,
    user: Type.Optional(Text),
  },
  strict,
);

const Pool = Type.Object(
  {
    node_pool: Type.Optional(Text),
    datacenters: Type.Optional(Type.Array(Text, { minItems: 1 })),
    // Read by the schema of its driver, which can say more precisely what is wrong.
    task: Type.Object({ driver: Type.Enum(["docker", "qemu", "raw_exec"] as const) }),
    resources: Resources,
    resources_max: Resources,
  },
  strict,
);

/** The operators' file; docs/operate/nomad.md explains every key. */
export const NomadConfigFile = Type.Object(
  {
    version: Type.Literal(1),
    address: Text,
    namespace: Type.Optional(Text),
    region: Type.Optional(Text),
    token_file: Type.Optional(Text),
    tls: Type.Optional(
      Type.Object(
        {
          ca_file: Type.Optional(Text),
          cert_file: Type.Optional(Text),
          key_file: Type.Optional(Text),
          server_name: Type.Optional(Text),
        },
        strict,
      ),
    ),
    installation: Type.Optional(Text),
    priority: Type.Optional(Type.Integer()),
    connections: Type.Optional(Type.Integer()),
    request_timeout_ms: Type.Optional(Milliseconds),
    event_silence_ms: Type.Optional(Milliseconds),
    claim_proof: Type.Optional(Type.Enum(["workload_identity", "claim_token"] as const)),
    issuer: Type.Optional(Text),
    // Without `strict` a name that breaks the pattern would pass unchecked.
    pools: Type.Record(Type.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,62}$" }), Pool, strict),
  },
  strict,
);
type NomadConfigFile = Static<typeof NomadConfigFile>;

/** Bounds what a job that names no limit may start; enough for parallel builds. */
const PIDS_LIMIT_DEFAULT = 4_096;
const TMP_MEGABYTES_DEFAULT = 512;

export interface NomadSettings {
  readonly config: NomadConfig;
  /** `iss` of the cluster's workload identities; null when its servers name none. */
  readonly issuer: string | null;
}

/** Reads the operators' JSON. Throws an Error that names the file, the place and what was expected. */
export function readNomadConfig(file: string, text: string, onHint: NomadConfig["onHint"]): NomadSettings {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const checked = validate(NomadConfigFile, value);
  if (!checked.ok) throw new Error(`${file}: ${checked.fault}`);
  const config = configOf(file, checked.value, onHint);
  const faults = configFaults(config);
  if (faults.length > 0) throw new Error(`${file}: ${faults.join("; ")}`);
  return { config, issuer: checked.value.issuer ?? null };
}

function configOf(name: string, file: NomadConfigFile, onHint: NomadConfig["onHint"]): NomadConfig {
  const pools = Object.entries(file.pools).map(
    ([pool, value]) => [pool, poolOf(`${name}: /pools/${pool}/task`, value)] as const,
  );
  return {
    address: file.address,
    namespace: file.namespace ?? CLIENT_DEFAULTS.namespace,
    region: file.region ?? null,
    tokenFile: file.token_file ?? null,
    tls:
      file.tls === undefined
        ? null
        : {
            caFile: file.tls.ca_file ?? null,
            certFile: file.tls.cert_file ?? null,
            keyFile: file.tls.key_file ?? null,
            serverName: file.tls.server_name ?? null,
          },
    connections: file.connections ?? CLIENT_DEFAULTS.connections,
    connectTimeoutMs: CLIENT_DEFAULTS.connectTimeoutMs,
    requestTimeoutMs: file.request_timeout_ms ?? CLIENT_DEFAULTS.requestTimeoutMs,
    installation: file.installation ?? "main",
    priority: file.priority ?? 50,
    claimProof: file.claim_proof ?? "workload_identity",
    pools: Object.fromEntries(pools),
    eventSilenceMs: file.event_silence_ms ?? EVENT_SILENCE_MS_DEFAULT,
    onHint,
  };
}

function poolOf(place: string, pool: Static<typeof Pool>): NomadPool {
  return {
    nodePool: pool.node_pool ?? "default",
    datacenters: pool.datacenters ?? ["*"],
    profile: profileOf(place, pool.task),
    resources: resourcesOf(pool.resources),
    resourcesMax: resourcesOf(pool.resources_max),
  };
}

function resourcesOf(resources: Static<typeof Resources>): NomadPool["resources"] {
  return {
    cpuMillis: resources.cpu_millis,
    memoryMegabytes: resources.memory_mb,
    diskMegabytes: resources.disk_mb,
  };
}

function profileOf(place: string, task: Static<typeof Pool>["task"]): TaskProfile {
  switch (task.driver) {
    case "docker": {
      const container = taskOf(place, Docker, task);
      const revealing = revealingCapabilities(container.capabilities ?? []).join(", ");
      if (revealing !== "") {
        throw new Error(`${place}/capabilities: steps with ${revealing} could read the runner's lease`);
      }
      return dockerProfileOf(container);
    }
    case "qemu": {
      const machine = taskOf(place, QemuTask, task);
      const fault = qemuTaskFault(machine);
      if (fault !== null) throw new Error(`${place}${fault}`);
      return qemuProfileOf(machine);
    }
    case "raw_exec": {
      const { command, args, workspace_root, user } = taskOf(place, RawExec, task);
      return rawExecProfile({ command, args: args ?? [], workspaceRoot: workspace_root, user: user ?? null });
    }
    default:
      return task.driver satisfies never;
  }
}

function taskOf<Schema extends TSchema>(place: string, schema: Schema, task: unknown): Static<Schema> {
  const checked = validate(schema, task);
  if (!checked.ok) throw new Error(place + checked.fault.replace("the whole value", ""));
  return checked.value;
}

function dockerProfileOf(task: Static<typeof Docker>): TaskProfile {
  return dockerProfile({
    images: {
      defaultImage: task.default_image ?? null,
      allowed: task.allowed_images ?? [],
      requireDigest: task.require_digest ?? false,
    },
    runnerVolume: task.runner_volume ?? "delta-runner",
    // Work from forks has no network, whatever the pool grants to others.
    network: { trusted: task.network ?? "none", fork: "none" },
    capabilities: task.capabilities ?? [],
    runtime: task.runtime ?? null,
    pidsLimit: task.pids_limit ?? PIDS_LIMIT_DEFAULT,
    temporaryMegabytes: task.tmp_mb ?? TMP_MEGABYTES_DEFAULT,
    user: task.user ?? "0",
    seccompFile: task.seccomp_file ?? null,
  });
}
