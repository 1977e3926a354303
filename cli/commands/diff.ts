import { string } from "@oclif/core/args";
import type { PlanDiff } from "../../compiler/render/index.ts";
import { DeltaCommand } from "../base-command.ts";
import { CliFailure } from "../failure.ts";
import { eventFlags, eventOf } from "../event-flag-definitions.ts";
import { fullFlag } from "../full-flag.ts";
import { limitFlags, limitsOf } from "../limit-flags.ts";
import { policyFlag, policyOf } from "../policy-flag.ts";

export class Diff extends DeltaCommand {
  static override summary = "Show what a change of the pipeline does to the plan.";
  static override description =
    "Compiles the change from BASE to HEAD twice for the same event: with the pipeline of BASE and with that of HEAD. Jobs that are gained (+), lost (-) and changed (~) are listed. Nothing is printed when both plans are the same.";
  static override examples = [
    "<%= config.bin %> diff origin/main..HEAD",
    "<%= config.bin %> diff HEAD~1..HEAD --json",
  ];
  static override args = {
    range: string({ required: true, description: "Two revisions, BASE..HEAD; HEAD may be left out." }),
  };
  static override flags = { ...fullFlag("job"), ...limitFlags, ...policyFlag, ...eventFlags };

  async run(): Promise<PlanDiff> {
    const { args, flags } = await this.parse(Diff);
    const range = /^(.+?)\.\.\.?(.*)$/.exec(args.range);
    if (range?.[1] === undefined) {
      throw new CliFailure(
        "usage",
        `${args.range} is no range`,
        "Write it as BASE..HEAD, such as origin/main..HEAD.",
      );
    }
    const head = range[2] || "HEAD";
    const event = eventOf({ ...flags, head });
    const { diffHere } = await import("../diff.ts");
    return diffHere(
      {
        base: range[1],
        head,
        worktree: false,
        event,
        limits: limitsOf(flags),
        policy: await policyOf(flags),
      },
      { full: flags.full, json: this.jsonEnabled() },
    );
  }
}
