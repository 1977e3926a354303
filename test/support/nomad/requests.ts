import { randomBytes } from "node:crypto";
import {
  CLIENT_DEFAULTS,
  EVENT_SILENCE_MS_DEFAULT,
  type NomadConfig,
  type NomadPool,
  type NomadResources,
} from "../../../nomad/config.ts";
import { dockerProfile } from "../../../nomad/profiles/docker.ts";
import type { TaskProfile } from "../../../nomad/task-profile.ts";
import type { DispatchRequest } from "../../../schemas/dispatcher.ts";
import { makeDispatchRequest, makePlanJob } from "../dispatch-request.ts";
import { mockProfile } from "./mock-profile.ts";

/** One step's worth of memory and processor, in a pool of the configuration below. */
export function dispatchRequest(pool = "long", memoryMegabytes = 32): DispatchRequest {
  const resources = {
    cpu_millis: 100,
    memory_bytes: memoryMegabytes * 1024 * 1024,
    disk_bytes: null,
    pids: null,
  };
  const runner = { pool, os: "linux", arch: null, isolation: null, labels: [] };
  return makeDispatchRequest({ job: makePlanJob({ runner, resources }) });
}

const RESOURCES: NomadResources = { cpuMillis: 100, memoryMegabytes: 32, diskMegabytes: 20 };
const RESOURCES_MAX: NomadResources = {
  cpuMillis: 64_000,
  memoryMegabytes: 1_000_000,
  diskMegabytes: 10_000,
};

export function poolOf(profile: TaskProfile, nodePool = "default"): NomadPool {
  return { nodePool, datacenters: ["*"], profile, resources: RESOURCES, resourcesMax: RESOURCES_MAX };
}

/** Containers as operators get them, on a registry that nobody asks. */
export function containerProfile(image = "registry.example/base:1"): TaskProfile {
  return dockerProfile({
    images: { defaultImage: image, allowed: [], requireDigest: false },
    runnerVolume: "delta-runner",
    network: { trusted: "none", fork: "none" },
    capabilities: [],
    runtime: null,
    pidsLimit: 64,
    temporaryMegabytes: 16,
    user: "0",
    seccompFile: null,
  });
}

/** An installation of its own, so that tests that share one Nomad never see each other. */
export function nomadConfig(address: string, changes: Partial<NomadConfig> = {}): NomadConfig {
  return {
    ...CLIENT_DEFAULTS,
    address,
    installation: `t${randomBytes(6).toString("hex")}`,
    priority: 50,
    claimProof: "claim_token",
    eventSilenceMs: EVENT_SILENCE_MS_DEFAULT,
    onHint: null,
    pools: {
      long: poolOf(mockProfile({ run_for: "1h" })),
      quick: poolOf(mockProfile({ run_for: "10ms" })),
      failing: poolOf(mockProfile({ run_for: "10ms", exit_code: 3 })),
      unstartable: poolOf(mockProfile({ start_error: "no such thing" })),
      nowhere: poolOf(mockProfile({ run_for: "1h" }), "no-such-pool"),
    },
    ...changes,
  };
}
