import { DeltaCommand, type JsonAnswer } from "../base-command.ts";

export class Server extends DeltaCommand {
  static override summary = "Run a control plane for others, with all settings from the environment.";
  static override description =
    "For production: DELTA_DATABASE_URL names its Postgres, DELTA_HOST and DELTA_PORT where it listens, DELTA_GITHUB_* its GitHub App, DELTA_DISPATCHER and DELTA_NOMAD_CONFIG where jobs run. Repositories by path are refused. Logs go to stderr as JSON lines. SIGTERM stops it gently.";
  static override examples = [
    "DELTA_DATABASE_URL=postgres://delta@db/delta DELTA_HOST=0.0.0.0 <%= config.bin %> server",
  ];

  async run(): Promise<JsonAnswer & { url: string; state: string }> {
    await this.parse(Server);
    const { serveUntilStopped } = await import("../serve.ts");
    return serveUntilStopped({
      kind: "server",
      port: undefined,
      stateDir: undefined,
      dispatcher: undefined,
      nomadConfig: undefined,
      json: this.jsonEnabled(),
    });
  }

  /** The answer is printed when it serves, not when it has stopped. */
  override logJson(): void {}
}
