import { randomBytes } from "node:crypto";
import type { DispatchRequest } from "../../schemas/dispatcher.ts";
import { uuidV7, type AttemptId, type RunId } from "../../schemas/ids.ts";
import type { PlanJob } from "../../schemas/plan.ts";

/** A plan job with one step and nothing special. */
export function makePlanJob(overrides: Partial<PlanJob> = {}): PlanJob {
  const place = { file: ".delta/pipeline.yaml", line: 1, column: 1 };
  return {
    key: "build",
    job: "build",
    name: "build",
    matrix: null,
    component: null,
    image: null,
    workdir: ".",
    shell: ["/bin/sh", "-e", "-c"],
    env: {},
    steps: [
      {
        name: "build",
        run: "true",
        env: {},
        timeout_ms: null,
        continue_on_error: false,
        always: false,
        place,
      },
    ],
    needs: [],
    runner: { pool: "default", os: "linux", arch: null, isolation: null },
    resources: { cpu_millis: null, memory_bytes: null, disk_bytes: null, pids: null },
    required: true,
    allow_failure: false,
    retry: { max: 0, on: [], delay_ms: 0 },
    timeout_ms: 60_000,
    queue_timeout_ms: 60_000,
    priority: 0,
    cancel: { signal: "SIGTERM", grace_ms: 500 },
    place,
    ...overrides,
  };
}

/** A request for a new attempt. Nothing listens at its control plane unless the caller says where. */
export function makeDispatchRequest(overrides: Partial<DispatchRequest> = {}): DispatchRequest {
  const id = (): string => uuidV7(Date.now(), randomBytes);
  return {
    attemptId: id() as AttemptId,
    runId: id() as RunId,
    attemptNumber: 1,
    job: makePlanJob(),
    trust: "trusted",
    claimToken: randomBytes(32).toString("base64url"),
    controlPlaneUrl: "http://127.0.0.1:9",
    ...overrides,
  };
}
