/** The door to the lifecycle: what the edges of the control plane call to begin, plan, stop and repeat runs. */
export type { Author } from "./change.ts";
export { requestCancel, type CancelAnswer, type CancelReason } from "./cancel.ts";
export { failPlanning, planLater, storePlan, type CompiledPlan } from "./plans.ts";
export { reportDone, reportLater } from "./reporting.ts";
export { rerun, type RerunAnswer } from "./rerun.ts";
export { beginPlanning, createRun, type NewRun, type RunRequest } from "./runs.ts";
export { authoriseLease, type LeaseGrant } from "./authorise-lease.ts";
