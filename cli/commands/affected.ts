import type { AffectedReport } from "../../schemas/components.ts";
import { DeltaCommand } from "../base-command.ts";
import { changeFlags } from "../change-flags.ts";
import { fullFlag } from "../full-flag.ts";
import { writeData } from "../output.ts";

export class Affected extends DeltaCommand {
  static override summary = "List the components that a change affects, and why.";
  static override description =
    "Works in any git repository. A pipeline in the commit adds its components, inputs and ignored paths; without one the components are those of the manifests. Everything is read from git objects, nothing from the working tree unless --worktree is given. Ends with 1 when the pipeline refuses the change, as `unowned: error` does.";
  static override examples = [
    "<%= config.bin %> affected --base origin/main",
    "<%= config.bin %> affected --base HEAD~1 --head HEAD --json",
  ];
  static override flags = { ...changeFlags, ...fullFlag("component") };

  async run(): Promise<AffectedReport> {
    const { flags } = await this.parse(Affected);
    const { affectedHere, affectedText } = await import("../affected.ts");
    const report = await affectedHere(flags);
    if (!this.jsonEnabled()) writeData(affectedText(report, flags.full));
    return report;
  }
}
