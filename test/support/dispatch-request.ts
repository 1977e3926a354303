import { randomBytes } from "node:crypto";
import type { DispatchRequest } from "../../schemas/dispatcher.ts";
import { uuidV7, type AttemptId, type RunId } from "../../schemas/ids.ts";
import type { PlanJob } from "../../schemas/plan.ts";
import { testJob } from "./plans.ts";

/** A plan job with one step, nothing special, and a short grace. */
export function makePlanJob(overrides: Partial<PlanJob> = {}): PlanJob {
  return testJob("build", { cancel: { signal: "SIGTERM", grace_ms: 500 }, ...overrides });
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
