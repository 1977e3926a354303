import type { RunView } from "../../schemas/api.ts";
import type { RunId } from "../../schemas/ids.ts";
import type { Plan } from "../../schemas/plan.ts";
import type { Connection } from "../db/client.ts";
import { readPlan } from "../db/plans.ts";
import { readRunRows } from "../db/run-rows.ts";
import { runView } from "./run-view.ts";

export interface VersionedRun {
  readonly view: RunView;
  readonly plan: Plan | null;
  /** Raised by every change that could be shown. */
  readonly version: number;
}

/** The run as it is now, with its plan; null when there is no such run. */
export async function readRunView(connection: Connection, id: RunId): Promise<VersionedRun | null> {
  const rows = await readRunRows(connection, id);
  if (rows === null) {
    return null;
  }
  const { plan_digest, version } = rows.run;
  const plan = plan_digest === null ? null : await readPlan(connection, plan_digest);
  return { view: runView(rows, plan), plan, version };
}
