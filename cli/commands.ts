import type { Command } from "@oclif/core/command";
import { EVENT_FLAGS } from "../compiler/event-flags.ts";
import { Affected } from "./commands/affected.ts";
import { Completion } from "./commands/completion.ts";
import { Diff } from "./commands/diff.ts";
import { Doctor } from "./commands/doctor.ts";
import { Explain } from "./commands/explain.ts";
import { Graph } from "./commands/graph.ts";
import { Import } from "./commands/import.ts";
import { Init } from "./commands/init.ts";
import { NomadDev } from "./commands/nomad/dev.ts";
import { NomadDoctor } from "./commands/nomad/doctor.ts";
import { NomadImage } from "./commands/nomad/image.ts";
import { NomadRunner } from "./commands/nomad/runner.ts";
import { NomadSetup } from "./commands/nomad/setup.ts";
import { PlanCommand } from "./commands/plan.ts";
import { Run } from "./commands/run.ts";
import { RunsArtifacts } from "./commands/runs/artifacts.ts";
import { RunsCancel } from "./commands/runs/cancel.ts";
import { RunsList } from "./commands/runs/list.ts";
import { RunsLogs } from "./commands/runs/logs.ts";
import { RunsRerun } from "./commands/runs/rerun.ts";
import { RunsShow } from "./commands/runs/show.ts";
import { Schema } from "./commands/schema.ts";
import { Server } from "./commands/server.ts";
import { Up } from "./commands/up.ts";
import { Validate } from "./commands/validate.ts";
import { WhyNot } from "./commands/why-not.ts";

/** Flags whose variables are a runner's words to its job. */
const OF_RUNNERS: ReadonlySet<string> = new Set(["attempt", "output"]);

/**
 * Every command by its id; a topic and a command are joined by a colon. These modules are light: what
 * a command needs to work is imported inside its `run`, so that starting stays fast.
 */
export const commands: Record<string, Command.Class> = withEnvironment({
  affected: Affected,
  completion: Completion,
  diff: Diff,
  doctor: Doctor,
  explain: Explain,
  graph: Graph,
  import: Import,
  init: Init,
  "nomad:dev": NomadDev,
  "nomad:doctor": NomadDoctor,
  "nomad:image": NomadImage,
  "nomad:runner": NomadRunner,
  "nomad:setup": NomadSetup,
  plan: PlanCommand,
  run: Run,
  "runs:artifacts": RunsArtifacts,
  "runs:cancel": RunsCancel,
  "runs:list": RunsList,
  "runs:logs": RunsLogs,
  "runs:rerun": RunsRerun,
  "runs:show": RunsShow,
  schema: Schema,
  server: Server,
  up: Up,
  validate: Validate,
  "why-not": WhyNot,
});

/**
 * Each flag can also be given as DELTA_<FLAG>, its name in capitals with underscores. Two kinds
 * cannot: flags that spell out an event, where an absent one means null, and those whose variable is
 * a runner's word to its job: its own attempt, and the file for its outputs.
 */
function withEnvironment(map: Record<string, Command.Class>): Record<string, Command.Class> {
  for (const command of Object.values(map)) {
    for (const [name, flag] of Object.entries({ ...command.baseFlags, ...command.flags })) {
      const spellsEvent =
        "event" in (command.flags ?? {}) && name !== "head" && Object.hasOwn(EVENT_FLAGS, name);
      if (spellsEvent || OF_RUNNERS.has(name)) continue;
      flag.env ??= `DELTA_${name.toUpperCase().replaceAll("-", "_")}`;
    }
    for (const argument of Object.values(command.args)) argument.ignoreStdin = true;
  }
  return map;
}
