import { DeltaCommand, type JsonAnswer } from "../base-command.ts";
import { string } from "@oclif/core/args";
import { writeData } from "../output.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

export class Completion extends DeltaCommand {
  static override summary = "Print a completion script for a shell.";
  static override examples = [
    "source <(<%= config.bin %> completion bash)",
    "<%= config.bin %> completion zsh > ~/.zfunc/_delta",
    "<%= config.bin %> completion fish > ~/.config/fish/completions/delta.fish",
  ];
  static override args = {
    shell: string({ required: true, options: [...SHELLS], description: "The shell to complete in." }),
  };

  async run(): Promise<JsonAnswer & { shell: string; script: string }> {
    const { args } = await this.parse(Completion);
    const { completionScript } = await import("../completion/script.ts");
    const script = completionScript(args.shell as Shell, this.config.commands);
    if (!this.jsonEnabled()) writeData(script);
    return { version: 1, shell: args.shell, script };
  }
}
