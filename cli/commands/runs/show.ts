import { string } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import type { RunView } from "../../../schemas/api.ts";
import { DeltaCommand } from "../../base-command.ts";
import { EXIT } from "../../exit-codes.ts";
import { fullFlag } from "../../full-flag.ts";
import { writeData, writeTalk } from "../../output.ts";
import { serverFlags } from "../../server-flags.ts";

export class RunsShow extends DeltaCommand {
  static override summary = "Show one run: its jobs, times and reasons.";
  static override description = "Ends with 1 when the run has ended and did not succeed.";
  static override examples = ["<%= config.bin %> runs show latest", "<%= config.bin %> runs show 12 --watch"];
  static override args = {
    run: string({ required: true, description: "Id, start of an id, number, or `latest`." }),
  };
  static override flags = {
    ...serverFlags,
    ...fullFlag("job"),
    watch: boolean({ default: false, char: "w", summary: "Follow it until it has ended." }),
  };

  async run(): Promise<RunView> {
    const { args, flags } = await this.parse(RunsShow);
    const [{ findServer }, { findRunId }, { artifactsOf, artifactsTable }, { runEnded, runLine, jobsTable }] =
      await Promise.all([
        import("../../find-server.ts"),
        import("../../find-run.ts"),
        import("../../artifacts.ts"),
        import("../../progress/run-text.ts"),
      ]);
    const client = await findServer(flags);
    const id = await findRunId(client, args.run);
    let run = await client.run(id);
    if (flags.watch && !runEnded(run)) {
      const { followRun } = await import("../../progress/follow-run.ts");
      run = await followRun({ id, client: async () => client, quiet: this.jsonEnabled() });
    }
    if (!this.jsonEnabled()) {
      const now = Date.now();
      writeData(runLine(run, now, process.stdout));
      writeData(`${run.repository} ${run.event.ref} ${run.head.slice(0, 12)}  ${run.id}`);
      if (run.jobs.length > 0) writeData(`\n${jobsTable(run, now, process.stdout, flags.full)}`);
      const artifacts = artifactsOf(run.jobs);
      if (artifacts.length > 0) writeData(`\n${artifactsTable(artifacts, process.stdout, flags.full)}`);
      for (const { severity, code, message } of run.diagnostics) writeData(`${severity} ${code}: ${message}`);
      if (run.plan_digest !== null) writeTalk(`plan ${run.plan_digest}`);
    }
    if (runEnded(run) && run.state !== "succeeded") process.exitCode = EXIT.findings;
    return run;
  }
}
