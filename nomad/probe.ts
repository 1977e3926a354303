import { randomBytes } from "node:crypto";
import type { DispatchRequest } from "../schemas/dispatcher.ts";
import { type AttemptId, type RunId, uuidV7 } from "../schemas/ids.ts";

/** A name that no attempt has, has had or will have. */
export function newProbeId(): AttemptId {
  return uuidV7(Date.now(), randomBytes) as AttemptId;
}

/** The smallest attempt of a pool, as the dispatcher would be asked for it. It is never registered. */
export function probeRequest(attemptId: AttemptId, pool: string): DispatchRequest {
  return {
    attemptId,
    runId: newProbeId() as string as RunId,
    attemptNumber: 1,
    trust: "trusted",
    claimToken: "",
    controlPlaneUrl: "http://127.0.0.1",
    job: {
      key: "probe",
      image: null,
      services: [],
      network: null,
      runner: { pool, os: "linux", arch: null, isolation: null, labels: [] },
      resources: { cpu_millis: null, memory_bytes: null, disk_bytes: null, pids: null },
      timeout_ms: 60_000,
      queue_timeout_ms: 60_000,
      priority: 0,
      cancel: { signal: "SIGTERM", grace_ms: 1_000 },
    },
  };
}
