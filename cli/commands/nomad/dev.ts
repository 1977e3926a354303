import { string } from "@oclif/core/flags";
import { DeltaCommand, type JsonAnswer } from "../../base-command.ts";

export class NomadDev extends DeltaCommand {
  static override summary = "Start a throw-away Nomad on this machine, to try Delta CI with.";
  static override description =
    "One process on free ports of the loopback address, in development mode. It keeps nothing: Ctrl-C ends it, what it runs, and its folder, within half a minute; a second one does so at once. Jobs run as your user, without isolation. Prints the `delta up` that uses it.";
  static override examples = [
    "<%= config.bin %> nomad dev",
    "<%= config.bin %> nomad dev --nomad-binary ./nomad",
  ];
  static override flags = {
    "nomad-binary": string({
      summary: "The nomad program; the default is the one on PATH.",
      helpValue: "FILE",
      default: "nomad",
    }),
  };

  async run(): Promise<JsonAnswer & { address: string; config: string }> {
    const { flags } = await this.parse(NomadDev);
    const { nomadDev } = await import("../../nomad-dev.ts");
    return nomadDev({ nomad: flags["nomad-binary"], json: this.jsonEnabled() });
  }

  /** The answer is printed when the agent is ready, not when it has stopped. */
  override logJson(): void {}
}
