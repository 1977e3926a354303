import { PROGRAM_VERSION } from "./program-version.ts";
import type { TaskHandlers } from "./queue.ts";
import type { Services } from "./routes.ts";
import { admitAttempts } from "./tasks/admit-attempts.ts";
import { advanceRun } from "./tasks/advance-run.ts";
import type { TaskContext } from "./tasks/context.ts";
import { dispatchAttempt } from "./tasks/dispatch-attempt.ts";
import { observeAttempts } from "./tasks/observe-attempts.ts";
import { planRun } from "./tasks/plan-run.ts";
import { reportCheck } from "./tasks/report-check.ts";
import { stopAttempt } from "./tasks/stop-attempt.ts";

/** What each wake-up does in this control plane. */
export function taskHandlers(services: Services, context: TaskContext): TaskHandlers {
  return {
    "plan-run": ({ run_id }) => planRun({ ...services, version: PROGRAM_VERSION }, run_id),
    "advance-run": ({ run_id }) => advanceRun(context, run_id),
    "admit-attempts": () => admitAttempts(context),
    "dispatch-attempt": ({ attempt_id }) => dispatchAttempt(context, attempt_id),
    "stop-attempt": ({ attempt_id }) => stopAttempt(context, attempt_id),
    "observe-attempts": () => observeAttempts(context),
    "report-check": ({ run_id }) => reportCheck({ ...services, publicUrl: context.controlPlaneUrl }, run_id),
  };
}
