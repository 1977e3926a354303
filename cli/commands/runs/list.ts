import { integer, string } from "@oclif/core/flags";
import type { RunList } from "../../../schemas/api.ts";
import { DeltaCommand } from "../../base-command.ts";
import { writeData, writeTalk } from "../../output.ts";
import { serverFlags } from "../../server-flags.ts";

export class RunsList extends DeltaCommand {
  static override summary = "List runs, newest first.";
  static override examples = ["<%= config.bin %> runs list --limit 5"];
  static override flags = {
    ...serverFlags,
    limit: integer({ summary: "How many.", default: 20, min: 1, max: 100 }),
    before: string({ summary: "Only runs before this one; `next` of the page before.", helpValue: "ID" }),
  };

  async run(): Promise<RunList> {
    const { flags } = await this.parse(RunsList);
    const { findServer } = await import("../../find-server.ts");
    const list = await (await findServer(flags)).runs({ limit: flags.limit, before: flags.before });
    if (!this.jsonEnabled()) await this.print(list);
    return list;
  }

  private async print(list: RunList): Promise<void> {
    const [{ tableText }, { elapsedText }, { stateText }, { terminalText }] = await Promise.all([
      import("../../table.ts"),
      import("../../duration-text.ts"),
      import("../../progress/run-text.ts"),
      import("../../terminal-text.ts"),
    ]);
    if (list.runs.length === 0) writeTalk("There are no runs yet.");
    else {
      const rows = list.runs.map((run) => [
        String(run.number),
        stateText(run.state, process.stdout),
        terminalText(run.ref.replace(/^refs\/(heads|tags)\//, ""), { colours: false }),
        run.head.slice(0, 12),
        elapsedText(run.created_at, run.finalized_at, Date.now()),
        String(run.jobs_total),
        terminalText(run.repository, { colours: false }),
        run.id,
      ]);
      writeData(tableText(["RUN", "STATE", "REF", "HEAD", "TIME", "JOBS", "REPOSITORY", "ID"], rows));
    }
    if (list.next !== null) writeTalk(`More: delta runs list --before ${list.next}`);
  }
}
