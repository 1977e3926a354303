import { string } from "@oclif/core/args";
import { DeltaCommand, type JsonAnswer } from "../base-command.ts";
import { baseRuleFlag } from "../base-rule-flag.ts";
import { changeFlags } from "../change-flags.ts";
import { eventFlags, eventOf } from "../event-flag-definitions.ts";
import { limitFlags, limitsOf } from "../limit-flags.ts";
import { policyFlag, policyOf } from "../policy-flag.ts";
import type { Decision } from "../../schemas/plan.ts";

export class Explain extends DeltaCommand {
  static override summary = "Explain why a job runs or does not, down to the line that decided.";
  static override examples = [
    "<%= config.bin %> explain test",
    "<%= config.bin %> explain test --base origin/main --json",
  ];
  static override args = {
    job: string({ required: true, description: "Id of the job, or the key of one of its matrix cells." }),
  };
  static override flags = { ...changeFlags, ...baseRuleFlag, ...limitFlags, ...policyFlag, ...eventFlags };

  async run(): Promise<JsonAnswer & { decisions: readonly Decision[] }> {
    const { args, flags } = await this.parse(Explain);
    const event = eventOf(flags);
    const { explainHere } = await import("../explain.ts");
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
    return explainHere(change, args.job, this.jsonEnabled());
  }
}
