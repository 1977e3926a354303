import { Command } from "@oclif/core/command";
import { boolean, string } from "@oclif/core/flags";
import { CliFailure } from "./failure.ts";
import { writeJson } from "./output.ts";

/** What `--json` prints: an object whose shape is fixed by its version. */
export interface JsonAnswer {
  readonly version: 1;
}

/**
 * Base of every command: `--json`, `-C`, `--no-color`. A command parses, calls and prints; errors are
 * thrown and become an exit code and a sentence in one place, main.ts. The value `run` returns is
 * what `--json` prints; without `--json` the command writes its own text.
 */
export abstract class DeltaCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = {
    directory: string({
      char: "C",
      summary: "Work as if started in this folder.",
      helpValue: "DIR",
      helpGroup: "GLOBAL",
    }),
    color: boolean({
      allowNo: true,
      summary: "Colour the output, or never; the default asks the terminal, NO_COLOR and FORCE_COLOR.",
      helpGroup: "GLOBAL",
    }),
  };

  abstract override run(): Promise<JsonAnswer>;

  protected override async init(): Promise<void> {
    const { flags } = await this.parse(this.ctor as typeof DeltaCommand);
    const directory = flags["directory"];
    if (directory === undefined) return;
    try {
      process.chdir(directory);
    } catch (error) {
      throw new CliFailure("file_unreadable", `cannot work in the folder ${directory}`, null, error);
    }
  }

  override jsonEnabled(): boolean {
    const end = this.argv.indexOf("--");
    const own = end === -1 ? this.argv : this.argv.slice(0, end);
    return own.includes("--json") || /^(1|true|yes)$/i.test(process.env["DELTA_JSON"] ?? "");
  }

  override logJson(json: JsonAnswer): void {
    writeJson(json);
  }

  protected override async catch(error: Error): Promise<never> {
    throw error;
  }
}
