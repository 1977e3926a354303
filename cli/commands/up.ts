import { integer, string } from "@oclif/core/flags";
import { DeltaCommand, type JsonAnswer } from "../base-command.ts";

export class Up extends DeltaCommand {
  static override summary = "Start everything on this machine: control plane, Postgres and local runners.";
  static override description =
    "Listens on one port of the loopback address and keeps its state in the state folder, so that `delta run` and `delta runs` find it. Unless a Nomad cluster runs them, jobs run as your user, without isolation: for code you trust on a machine that is yours. Ctrl-C stops all of it.";
  static override examples = [
    "<%= config.bin %> up",
    "<%= config.bin %> up --port 0 --state-dir /tmp/delta",
    "<%= config.bin %> up --dispatcher nomad --nomad-config nomad.json",
  ];
  static override flags = {
    port: integer({
      summary: "Port to listen on; the default is 3358, and 0 takes any free one.",
      min: 0,
      max: 65_535,
    }),
    dispatcher: string({
      summary: "Where jobs run: as processes of this machine, or on a Nomad cluster.",
      options: ["local-process", "nomad"],
    }),
    "nomad-config": string({ summary: "File that describes the Nomad cluster.", helpValue: "FILE" }),
    "state-dir": string({
      summary: "Folder for database, logs and keys; the default is your state folder.",
      helpValue: "DIR",
    }),
  };

  async run(): Promise<JsonAnswer & { url: string; state: string }> {
    const { flags } = await this.parse(Up);
    const { serveUntilStopped } = await import("../serve.ts");
    return serveUntilStopped({
      kind: "up",
      port: flags.port,
      stateDir: flags["state-dir"],
      dispatcher: flags.dispatcher,
      nomadConfig: flags["nomad-config"],
      json: this.jsonEnabled(),
    });
  }

  /** The answer is printed when it serves, not when it has stopped. */
  override logJson(): void {}
}
