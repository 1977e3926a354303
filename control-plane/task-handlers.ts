import type { RunId } from "../schemas/ids.ts";
import { findUnplannedRun, type UnplannedRun } from "./db/sources.ts";
import { planningGoesOn } from "./lifecycle/index.ts";
import { PROGRAM_VERSION } from "./program-version.ts";
import type { TaskHandlers } from "./queue.ts";
import type { Services } from "./routes.ts";
import { admitAttempts } from "./tasks/admit-attempts.ts";
import { advanceRun } from "./tasks/advance-run.ts";
import type { TaskContext, TaskLog } from "./tasks/context.ts";
import type { Dispatching } from "./tasks/dispatch-attempts.ts";
import { meanwhile } from "./tasks/every.ts";
import { planRun } from "./tasks/plan-run.ts";
import { createPlanningTurns, type PlanningTurns } from "./tasks/planning-turns.ts";
import { reportCheck } from "./tasks/report-check.ts";
import { stopAttempt } from "./tasks/stop-attempt.ts";

/** A few within the term after which another control plane would plan the run. */
const PLANNING_REMINDER_MS = 4_000;

/** The plans that this control plane makes, repository by repository. */
export function planningTurns(services: Services, log: TaskLog): PlanningTurns<UnplannedRun> {
  const { database } = services;
  return createPlanningTurns(async ({ run, tries }) => {
    const found = await findUnplannedRun(database, run);
    // While it waited here, another control plane may have begun.
    if (found?.tries !== tries) return;
    await meanwhile(
      PLANNING_REMINDER_MS,
      "the reminder that a run is being planned",
      log,
      () => planningGoesOn(database, run),
      () => planRun({ ...services, version: PROGRAM_VERSION }, run),
    );
  }, log);
}

/** What each wake-up does in this control plane. */
export function taskHandlers(
  services: Services,
  context: TaskContext,
  dispatching: Pick<Dispatching, "dispatchDue">,
  turns: PlanningTurns<UnplannedRun>,
): TaskHandlers {
  const { database } = context;
  // What a task made ready is carried on at once; the wake-ups in the queue are for whoever else is there.
  const admitAndDispatch = async (): Promise<void> => {
    if (await admitAttempts(context)) {
      await dispatching.dispatchDue();
    }
  };
  return {
    // Planned in its repository's turn, which may come much later.
    "plan-run": async ({ run_id }) => {
      const found = await findUnplannedRun(database, run_id as RunId);
      if (found !== null) turns.add(found);
    },
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
