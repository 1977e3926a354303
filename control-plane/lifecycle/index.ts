/** The door to the lifecycle: what the edges of the control plane call to begin, plan, stop and repeat runs. */
export { requestCancel } from "./cancel.ts";
export { failPlanning, planLater, storePlan, type CompiledPlan } from "./plans.ts";
export { reportDone, reportLater } from "./reporting.ts";
export { rerun } from "./rerun.ts";
export { beginPlanning, createRun, planningGoesOn } from "./runs.ts";
export { authoriseLease, type LeaseGrant } from "./authorise-lease.ts";
