import { string } from "@oclif/core/args";
import { DeltaCommand } from "../base-command.ts";
import { baseRuleFlag } from "../base-rule-flag.ts";
import { changeFlags } from "../change-flags.ts";
import { eventFlags, eventOf } from "../event-flag-definitions.ts";
import { limitFlags, limitsOf } from "../limit-flags.ts";
import { policyFlag, policyOf } from "../policy-flag.ts";
import type { WhyNotAnswer } from "../why-not.ts";

export class WhyNot extends DeltaCommand {
  static override summary = "Name the smallest change that would have run a job, proven by compiling it.";
  static override description =
    "Tries one more changed path, another event, and both together, and compiles each: what is printed would run the job. Ends with 0 also when nothing would.";
  static override examples = [
    "<%= config.bin %> why-not deploy",
    "<%= config.bin %> why-not test --base origin/main --json",
  ];
  static override args = {
    job: string({ required: true, description: "Id of the job, or the key of one of its matrix cells." }),
  };
  static override flags = { ...changeFlags, ...baseRuleFlag, ...limitFlags, ...policyFlag, ...eventFlags };

  async run(): Promise<WhyNotAnswer> {
    const { args, flags } = await this.parse(WhyNot);
    const event = eventOf(flags);
    const { whyNotHere } = await import("../why-not.ts");
    const { base, worktree } = flags;
    const policy = await policyOf(flags);
    const change = {
      base,
      baseRule: flags["base-rule"],
      missing: flags["missing-commit"],
      worktree,
      head: event?.head ?? flags.head,
      event,
      limits: limitsOf(flags),
      policy,
    };
    return whyNotHere(change, args.job, this.jsonEnabled());
  }
}
