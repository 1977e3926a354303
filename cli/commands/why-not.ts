import { DeltaCommand } from "../base-command.ts";
import { questionArgs, questionFlags, questionOf } from "../job-question.ts";
import type { WhyNotAnswer } from "../why-not.ts";

export class WhyNot extends DeltaCommand {
  static override summary = "Name the smallest change that would have run a job, proven by compiling it.";
  static override description =
    "Tries one more changed path, another event, and both together, and compiles each: what is printed would run the job. Ends with 0 also when nothing would.";
  static override examples = [
    "<%= config.bin %> why-not deploy",
    "<%= config.bin %> why-not test --base origin/main --json",
  ];
  static override args = questionArgs;
  static override flags = questionFlags;

  async run(): Promise<WhyNotAnswer> {
    const { args, flags } = await this.parse(WhyNot);
    const change = await questionOf(flags);
    const { whyNotHere } = await import("../why-not.ts");
    return whyNotHere(change, args.job, this.jsonEnabled());
  }
}
