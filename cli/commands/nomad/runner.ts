import { boolean, string } from "@oclif/core/flags";
import { DeltaCommand, type JsonAnswer } from "../../base-command.ts";
import { writeData } from "../../output.ts";

export class NomadRunner extends DeltaCommand {
  static override summary =
    "Make the folder that Nomad clients mount into attempts: the runner and its Node.";
  static override description =
    "Holds Node, its libraries and their loader, and one script, so that it runs in any Linux image of this processor. Run it on a client, or copy what it made. An existing folder is brought up to date file by file, while attempts go on.";
  static override examples = [
    "<%= config.bin %> nomad runner --out /opt/delta",
    "<%= config.bin %> nomad runner --out /opt/delta --disk",
  ];
  static override flags = {
    out: string({ summary: "Folder to make or to bring up to date.", helpValue: "DIR", required: true }),
    disk: boolean({
      default: false,
      summary: "Also make delta-runner.img there, the runner as a disk for virtual machines. Needs mke2fs.",
    }),
  };

  async run(): Promise<JsonAnswer & { folder: string }> {
    const { flags } = await this.parse(NomadRunner);
    const { makeRunnerFolder } = await import("../../nomad-runner.ts");
    const folder = await makeRunnerFolder(flags.out, flags.disk);
    if (!this.jsonEnabled()) writeData(folder);
    return { version: 1, folder };
  }
}
