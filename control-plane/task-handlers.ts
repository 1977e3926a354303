import type { RunId } from "../schemas/ids.ts";
import { planningGoesOn } from "./lifecycle/index.ts";
import { PROGRAM_VERSION } from "./program-version.ts";
import type { TaskHandlers } from "./queue.ts";
import type { Services } from "./routes.ts";
import { admitAttempts } from "./tasks/admit-attempts.ts";
import { advanceRun } from "./tasks/advance-run.ts";
import type { TaskContext } from "./tasks/context.ts";
import type { Dispatching } from "./tasks/dispatch-attempts.ts";
import { meanwhile } from "./tasks/every.ts";
import { planRun } from "./tasks/plan-run.ts";
import { reportCheck } from "./tasks/report-check.ts";
import { stopAttempt } from "./tasks/stop-attempt.ts";

/** A few within the term after which another control plane would plan the run. */
const PLANNING_REMINDER_MS = 4_000;

/** What each wake-up does in this control plane. */
export function taskHandlers(
  services: Services,
  context: TaskContext,
  dispatching: Pick<Dispatching, "dispatchDue">,
): TaskHandlers {
  const { database, log } = context;
  // What a task made ready is carried on at once; the wake-ups in the queue are for whoever else is there.
  const admitAndDispatch = async (): Promise<void> => {
    if (await admitAttempts(context)) {
      await dispatching.dispatchDue();
    }
  };
  return {
    "plan-run": ({ run_id }) =>
      meanwhile(
        PLANNING_REMINDER_MS,
        "the reminder that a run is being planned",
        log,
        () => planningGoesOn(database, run_id as RunId),
        () => planRun({ ...services, version: PROGRAM_VERSION }, run_id),
      ),
    "advance-run": async ({ run_id }) => {
      if (await advanceRun(context, run_id)) {
        await admitAndDispatch();
      }
    },
    "admit-attempts": admitAndDispatch,
    "dispatch-attempts": () => dispatching.dispatchDue(),
    "stop-attempt": ({ attempt_id }) => stopAttempt(context, attempt_id),
    "report-check": ({ run_id }) => reportCheck({ ...services, publicUrl: context.controlPlaneUrl }, run_id),
  };
}
