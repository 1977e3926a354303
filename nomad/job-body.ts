import { hash } from "node:crypto";
import type { DispatchRequest } from "../schemas/dispatcher.ts";
import type { AttemptId } from "../schemas/ids.ts";
import type { JobAnswer } from "./api-types.ts";
import type { NomadConfig, NomadPool, NomadResources } from "./config.ts";
import { jobNameOf } from "./job-name.ts";
import {
  NANOSECONDS_PER_MILLISECOND,
  type NomadJob,
  type NomadTask,
  type NomadTaskGroup,
  type RegisterRequest,
} from "./job-types.ts";
import { constraintsOf, resourceRefusal, resourcesOf, wishRefusal } from "./job-wishes.ts";
import {
  CONFIG_DESTINATION,
  CONFIG_FILE,
  IDENTITY_FILE,
  identityOf,
  runnerConfigOf,
} from "./runner-start.ts";
import type { TaskShape } from "./task-profile.ts";

export const GROUP_NAME = "attempt";
export const TASK_NAME = "runner";
export const META_ATTEMPT = "delta_attempt";
export const META_SPEC_SHA = "delta_spec_sha";
/** How long the job's machine may boot; absent where a runner starts at once. Milliseconds. */
export const META_BOOT_MS = "delta_boot_ms";

/** After the job's own grace, for the runner to send the last log bytes and its report. */
const RUNNER_EXIT_MS = 10_000;
/** Pulling an image, booting a machine and the claim come on top of the job's own time limit. */
const START_AND_END_MS = 30 * 60_000;
/** The client may be away for longer than any attempt lasts; the lease decides, not Nomad. */
const LOST_AFTER_MARGIN_MS = 60 * 60_000;
/** Nomad asks for at least 5 s, although no restart is allowed. */
const RESTART_INTERVAL_MS = 5_000;
/** The runner's own output; the job's log goes to the control plane. Must be smaller than the disk. */
const LOG_FILES = 2;
const LOG_FILE_MEGABYTES = 5;
/** Nomad refuses a job whose disk does not exceed its logs. */
const DISK_MEGABYTES_MIN = LOG_FILES * LOG_FILE_MEGABYTES + 1;

export type JobBody =
  | { readonly ok: true; readonly name: string; readonly specSha: string; readonly text: string }
  | { readonly ok: false; readonly refusal: string };

/**
 * The bytes of the register call. A pure function of the request and the configuration, so that every
 * repetition of an unknown outcome sends the same body. The hash in Meta covers the request alone: a
 * pool that was configured anew between two repetitions does not make the second one a stranger.
 */
export function buildJobBody(config: NomadConfig, request: DispatchRequest): JobBody {
  const pool = Object.hasOwn(config.pools, request.job.runner.pool)
    ? config.pools[request.job.runner.pool]
    : undefined;
  if (pool === undefined) {
    const known = Object.keys(config.pools).sort().join(", ");
    return { ok: false, refusal: `no pool "${request.job.runner.pool}"; the configured pools are ${known}` };
  }
  const resources = resourcesOf(request, pool);
  const { pool: name } = request.job.runner;
  const refusal =
    wishRefusal(request, name, pool.profile.driver) ??
    resourceRefusal(resources, pool.resourcesMax, name) ??
    pool.profile.refusal(request);
  if (refusal !== null) return { ok: false, refusal };

  const specSha = specShaOf(request);
  const job = jobOf(config, request, pool, resources, specSha);
  const body: RegisterRequest = { Job: job, EnforceIndex: true, JobModifyIndex: 0 };
  return { ok: true, name: job.ID, specSha, text: JSON.stringify(body) };
}

type Fields = Readonly<Record<string, unknown>>;

/** SHA-256 of the request's JSON with its keys in order: what this attempt was asked to be. */
export function specShaOf(request: DispatchRequest): string {
  return hash("sha256", JSON.stringify(inOrder(request)), "hex");
}

function inOrder(value: unknown): unknown {
  if (isInOrder(value)) return value;
  if (Array.isArray(value)) return value.map(inOrder);
  const fields = value as Fields;
  const keys = Object.keys(fields).sort();
  return Object.fromEntries(keys.map((key) => [key, inOrder(fields[key])]));
}

/** True of a job from the canonical text of its plan: nothing of it has to be copied. */
function isInOrder(value: unknown): boolean {
  if (value === null || typeof value !== "object") return true;
  if (Array.isArray(value)) return value.every(isInOrder);
  let before = "";
  for (const key of Object.keys(value)) {
    if (key < before || !isInOrder((value as Fields)[key])) return false;
    before = key;
  }
  return true;
}

/**
 * A stopped job that takes the attempt's name. Registered where a stop finds no job: a register whose
 * outcome was unknown may still land, and finds the name taken.
 */
export function buildTombstone(config: NomadConfig, attemptId: AttemptId): string {
  const name = jobNameOf(config.installation, attemptId);
  const body = {
    Job: {
      ID: name,
      Name: name,
      Namespace: config.namespace,
      Type: "batch",
      Datacenters: ["*"],
      Meta: { [META_ATTEMPT]: attemptId },
      Stop: true,
      TaskGroups: [
        {
          Name: GROUP_NAME,
          Count: 0,
          Tasks: [{ Name: TASK_NAME, Driver: "none", Resources: { CPU: 1, MemoryMB: 10 } }],
        },
      ],
    },
    EnforceIndex: true,
    JobModifyIndex: 0,
  };
  return JSON.stringify(body);
}

/** Made stopped, so it never ran; what ran at least once carries the hash of its request. */
export function isTombstone(job: Pick<JobAnswer, "Stop" | "Meta">): boolean {
  return job.Stop && job.Meta?.[META_ATTEMPT] !== undefined && job.Meta[META_SPEC_SHA] === undefined;
}

function jobOf(
  config: NomadConfig,
  request: DispatchRequest,
  pool: NomadPool,
  resources: NomadResources,
  specSha: string,
): NomadJob {
  const name = jobNameOf(config.installation, request.attemptId);
  return {
    ID: name,
    Name: name,
    Namespace: config.namespace,
    Type: "batch",
    Priority: config.priority,
    NodePool: pool.nodePool,
    Datacenters: pool.datacenters,
    Meta: {
      [META_ATTEMPT]: request.attemptId,
      [META_SPEC_SHA]: specSha,
      delta_run: request.runId,
      delta_job: request.job.key,
      ...(pool.profile.machine !== null && { [META_BOOT_MS]: String(pool.profile.machine.bootMs) }),
    },
    Constraints: constraintsOf(request),
    TaskGroups: [groupOf(config, request, pool, resources)],
  };
}

function groupOf(
  config: NomadConfig,
  request: DispatchRequest,
  pool: NomadPool,
  resources: NomadResources,
): NomadTaskGroup {
  const identityFile = config.claimProof === "workload_identity" ? IDENTITY_FILE : null;
  const runnerConfig = runnerConfigOf(request, pool, identityFile !== null);
  const isTold = pool.profile.machine !== null;
  const shape = pool.profile.shape(request, {
    configFile: CONFIG_FILE,
    identityFile,
    memoryMegabytes: resources.memoryMegabytes,
    cpuMillis: resources.cpuMillis,
    runnerConfig: isTold ? runnerConfig : null,
  });
  return {
    Name: GROUP_NAME,
    Count: 1,
    RestartPolicy: {
      Attempts: 0,
      Mode: "fail",
      Interval: RESTART_INTERVAL_MS * NANOSECONDS_PER_MILLISECOND,
      Delay: 0,
    },
    ReschedulePolicy: { Attempts: 0, Unlimited: false },
    Disconnect: {
      LostAfter: (request.job.timeout_ms + LOST_AFTER_MARGIN_MS) * NANOSECONDS_PER_MILLISECOND,
      Replace: false,
      Reconcile: "keep_original",
    },
    MaxRunDuration: (request.job.timeout_ms + START_AND_END_MS) * NANOSECONDS_PER_MILLISECOND,
    EphemeralDisk: { SizeMB: Math.max(resources.diskMegabytes, DISK_MEGABYTES_MIN) },
    ...(shape.networks.length > 0 && { Networks: shape.networks }),
    ...(Object.keys(shape.volumes).length > 0 && { Volumes: shape.volumes }),
    Tasks: [taskOf(request, shape, resources, identityFile, isTold ? null : runnerConfig)],
  };
}

function taskOf(
  request: DispatchRequest,
  shape: TaskShape,
  resources: NomadResources,
  identityFile: string | null,
  configText: string | null,
): NomadTask {
  return {
    Name: TASK_NAME,
    Driver: shape.driver,
    Leader: true,
    ...(shape.user !== null && { User: shape.user }),
    Config: shape.config,
    Env: shape.env,
    Resources: {
      CPU: resources.cpuMillis,
      MemoryMB: resources.memoryMegabytes + shape.memoryOverheadMegabytes,
    },
    ...(identityFile !== null && { Identities: [identityOf(request)] }),
    ...(configText !== null && {
      Templates: [
        {
          EmbeddedTmpl: configText,
          DestPath: CONFIG_DESTINATION,
          Perms: "0600",
          ChangeMode: "noop",
        },
      ],
    }),
    ...(shape.mounts.length > 0 && { VolumeMounts: shape.mounts }),
    KillTimeout: (request.job.cancel.grace_ms + RUNNER_EXIT_MS) * NANOSECONDS_PER_MILLISECOND,
    KillSignal: "SIGTERM",
    LogConfig: { MaxFiles: LOG_FILES, MaxFileSizeMB: LOG_FILE_MEGABYTES },
  };
}
