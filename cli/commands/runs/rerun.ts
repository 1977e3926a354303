import { string } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import type { RunView } from "../../../schemas/api.ts";
import { DeltaCommand } from "../../base-command.ts";
import { EXIT } from "../../exit-codes.ts";
import { writeData } from "../../output.ts";
import { serverFlags } from "../../server-flags.ts";

export class RunsRerun extends DeltaCommand {
  static override summary = "Carry out the plan of a finished run again, as a new run.";
  static override examples = ["<%= config.bin %> runs rerun 12 --watch"];
  static override args = {
    run: string({ required: true, description: "Id, start of an id, number, or `latest`." }),
  };
  static override flags = {
    ...serverFlags,
    watch: boolean({ default: false, char: "w", summary: "Follow the new run until it has ended." }),
  };

  async run(): Promise<RunView> {
    const { args, flags } = await this.parse(RunsRerun);
    const [{ findServer }, { findRunId }, { runEnded, runLine }] = await Promise.all([
      import("../../find-server.ts"),
      import("../../find-run.ts"),
      import("../../progress/run-text.ts"),
    ]);
    const client = await findServer(flags);
    let run = await client.rerun(await findRunId(client, args.run));
    if (flags.watch) {
      const { followRun } = await import("../../progress/follow-run.ts");
      run = await followRun({ id: run.id, client: async () => client, quiet: this.jsonEnabled() });
      if (runEnded(run) && run.state !== "succeeded") process.exitCode = EXIT.findings;
    }
    if (!this.jsonEnabled()) writeData(`${runLine(run, Date.now(), process.stdout)}\n${run.id}`);
    return run;
  }
}
