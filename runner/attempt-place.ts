import type { StepUser } from "../schemas/runner-config.ts";
import type { AttemptSpec } from "../schemas/runner-protocol.ts";
import type { OwnLog } from "./logs/own-log.ts";
import type { ControlGroup } from "./processes/control-group.ts";
import type { JobIdentity } from "./processes/job-processes.ts";
import type { StopSource } from "./stop-source.ts";
import type { Workspace } from "./workspace.ts";

/** Where and as whom an attempt's processes run. */
export interface AttemptPlace {
  readonly spec: AttemptSpec;
  readonly workspace: Workspace;
  readonly job: JobIdentity;
  /** null: the runner's own. */
  readonly user: StepUser | null;
  /** Where they run apart from the runner; null: beside it. */
  readonly group: ControlGroup | null;
  /** Starts the runner anew; see own-command.ts. */
  readonly ownCommand: readonly string[];
  readonly stop: StopSource;
  readonly log: OwnLog;
}
