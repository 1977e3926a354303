import type { Command } from "@oclif/core/command";
import { Completion } from "./commands/completion.ts";
import { Doctor } from "./commands/doctor.ts";
import { Init } from "./commands/init.ts";
import { RunsCancel } from "./commands/runs/cancel.ts";
import { RunsList } from "./commands/runs/list.ts";
import { RunsLogs } from "./commands/runs/logs.ts";
import { RunsRerun } from "./commands/runs/rerun.ts";
import { RunsShow } from "./commands/runs/show.ts";
import { Schema } from "./commands/schema.ts";

/**
 * Every command by its id; a topic and a command are joined by a colon. These modules are light: what
 * a command needs to work is imported inside its `run`, so that starting stays fast.
 */
export const commands: Record<string, Command.Class> = withEnvironment({
  completion: Completion,
  doctor: Doctor,
  init: Init,
  "runs:cancel": RunsCancel,
  "runs:list": RunsList,
  "runs:logs": RunsLogs,
  "runs:rerun": RunsRerun,
  "runs:show": RunsShow,
  schema: Schema,
});

/** Each flag can also be given as DELTA_<FLAG>; its name in capitals with underscores. */
function withEnvironment(map: Record<string, Command.Class>): Record<string, Command.Class> {
  for (const command of Object.values(map)) {
    for (const [name, flag] of Object.entries({ ...command.baseFlags, ...command.flags })) {
      flag.env ??= `DELTA_${name.toUpperCase().replaceAll("-", "_")}`;
    }
    for (const argument of Object.values(command.args)) argument.ignoreStdin = true;
  }
  return map;
}
