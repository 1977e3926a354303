import { string } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import type { RunView } from "../../../schemas/api.ts";
import { DeltaCommand } from "../../base-command.ts";
import { writeData } from "../../output.ts";
import { serverFlags } from "../../server-flags.ts";

export class RunsCancel extends DeltaCommand {
  static override summary = "Cancel a run and stop its jobs.";
  static override examples = ["<%= config.bin %> runs cancel latest --wait"];
  static override args = {
    run: string({ required: true, description: "Id, start of an id, number, or `latest`." }),
  };
  static override flags = {
    ...serverFlags,
    wait: boolean({ default: false, summary: "Wait until every job has stopped." }),
  };

  async run(): Promise<RunView> {
    const { args, flags } = await this.parse(RunsCancel);
    const [{ findServer }, { findRunId }, { runLine }] = await Promise.all([
      import("../../find-server.ts"),
      import("../../find-run.ts"),
      import("../../progress/run-text.ts"),
    ]);
    const client = await findServer(flags);
    const id = await findRunId(client, args.run);
    let run = await client.cancel(id);
    if (flags.wait) {
      const { followRun } = await import("../../progress/follow-run.ts");
      run = await followRun({ id, client: async () => client, quiet: this.jsonEnabled() });
    }
    if (!this.jsonEnabled()) writeData(runLine(run, Date.now(), process.stdout));
    return run;
  }
}
