import type { PlanJob } from "../../schemas/plan.ts";
import type { AttemptState } from "../../schemas/states.ts";

/** A runner holds or held its lease: only a runner's word or a deadline ends it. */
export function isClaimed(state: AttemptState): boolean {
  return state === "leased" || state === "starting" || state === "running" || state === "uploading";
}

/** Whether something newer may end the attempt: a job that is not interruptible stays once a runner took it up. */
export function mayMakeWay(
  { interruptible }: Pick<PlanJob, "interruptible">,
  { state, number }: { readonly state: AttemptState; readonly number: number },
): boolean {
  return interruptible || (number === 1 && !isClaimed(state));
}
