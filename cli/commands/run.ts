import { string } from "@oclif/core/args";
import { boolean } from "@oclif/core/flags";
import type { RunView } from "../../schemas/api.ts";
import { DeltaCommand, type JsonAnswer } from "../base-command.ts";
import { changeFlags } from "../change-flags.ts";
import { fullFlag } from "../full-flag.ts";
import { limitFlags, limitsOf } from "../limit-flags.ts";
import { policyFlag, policyOf } from "../policy-flag.ts";

export class Run extends DeltaCommand {
  static override summary = "Plan a change and carry it out on this machine.";
  static override description =
    "Uses the control plane that runs for your state folder, or starts one for as long as the run takes. Jobs run as your user, without isolation: run only code you trust. Ctrl-C cancels the run and waits for its jobs to stop, a second one stops them at once. Ends with 1 when the run fails.";
  static override examples = [
    "<%= config.bin %> run",
    "<%= config.bin %> run --worktree",
    "<%= config.bin %> run --base origin/main test lint",
    "<%= config.bin %> run --all",
  ];
  static override strict = false;
  static override args = {
    jobs: string({
      description: "Only these jobs and what they need; all that the plan selects when left out.",
    }),
  };
  static override flags = {
    ...changeFlags,
    all: boolean({ summary: "Run every job, whatever changed.", default: false }),
    ...fullFlag("job"),
    ...limitFlags,
    ...policyFlag,
  };

  async run(): Promise<JsonAnswer & { digest: string | null; run: RunView | null }> {
    const { argv, flags } = await this.parse(Run);
    const { runHere } = await import("../run/run-here.ts");
    const { base, head, worktree, all, full } = flags;
    return runHere({
      base,
      head,
      worktree,
      all,
      full,
      limits: limitsOf(flags),
      policy: await policyOf(flags),
      jobs: argv.map(String),
      event: null,
      json: this.jsonEnabled(),
    });
  }
}
