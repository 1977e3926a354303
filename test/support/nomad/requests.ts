import { randomBytes } from "node:crypto";
import type { NomadConfig, NomadPool, NomadResources } from "../../../nomad/config.ts";
import { CLIENT_DEFAULTS } from "../../../nomad/config.ts";
import type { TaskProfile } from "../../../nomad/task-profile.ts";
import type { DispatchRequest } from "../../../schemas/dispatcher.ts";
import { type AttemptId, type RunId, uuidV7 } from "../../../schemas/ids.ts";
import type { PlanJob } from "../../../schemas/plan.ts";
import { mockProfile } from "./mock-profile.ts";

export const newAttemptId = (): AttemptId => uuidV7(Date.now(), randomBytes) as AttemptId;

export function planJob(changes: Partial<PlanJob> = {}): PlanJob {
  return {
    key: "test",
    job: "test",
    name: "test",
    matrix: null,
    component: null,
    image: null,
    workdir: ".",
    shell: ["sh", "-e"],
    env: {},
    steps: [],
    needs: [],
    runner: { pool: "long", os: "linux", arch: null, isolation: null },
    resources: { cpu_millis: 100, memory_bytes: 32 * 1024 * 1024, disk_bytes: null, pids: null },
    required: true,
    allow_failure: false,
    retry: { max: 0, on: [], delay_ms: 0 },
    timeout_ms: 60 * 60_000,
    queue_timeout_ms: 60 * 60_000,
    priority: 0,
    cancel: { signal: "SIGTERM", grace_ms: 1_000 },
    place: { file: ".delta/pipeline.yaml", line: 1, column: 1 },
    ...changes,
  };
}

export function dispatchRequest(pool = "long", changes: Partial<DispatchRequest> = {}): DispatchRequest {
  const job = planJob();
  return {
    attemptId: newAttemptId(),
    runId: uuidV7(Date.now(), randomBytes) as RunId,
    attemptNumber: 1,
    job: { ...job, runner: { ...job.runner, pool } },
    trust: "trusted",
    claimToken: randomBytes(32).toString("base64url"),
    controlPlaneUrl: "http://127.0.0.1:9",
    ...changes,
  };
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

/** An installation of its own, so that tests that share one Nomad never see each other. */
export function nomadConfig(address: string, changes: Partial<NomadConfig> = {}): NomadConfig {
  return {
    ...CLIENT_DEFAULTS,
    address,
    installation: `t${randomBytes(6).toString("hex")}`,
    priority: 50,
    claimProof: "claim_token",
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
