import { DeltaCommand, type JsonAnswer } from "../base-command.ts";
import { questionArgs, questionFlags, questionOf } from "../job-question.ts";
import type { Decision } from "../../schemas/plan.ts";

export class Explain extends DeltaCommand {
  static override summary = "Explain why a job runs or does not, down to the line that decided.";
  static override examples = [
    "<%= config.bin %> explain test",
    "<%= config.bin %> explain test --base origin/main --json",
  ];
  static override args = questionArgs;
  static override flags = questionFlags;

  async run(): Promise<JsonAnswer & { decisions: readonly Decision[] }> {
    const { args, flags } = await this.parse(Explain);
    const change = await questionOf(flags);
    const { explainHere } = await import("../explain.ts");
    return explainHere(change, args.job, this.jsonEnabled());
  }
}
