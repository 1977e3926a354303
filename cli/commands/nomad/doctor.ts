import { string } from "@oclif/core/flags";
import type { NomadFinding } from "../../../nomad/index.ts";
import { DeltaCommand, type JsonAnswer } from "../../base-command.ts";
import { findingLine } from "../../doctor/finding.ts";
import { EXIT } from "../../exit-codes.ts";
import { writeData } from "../../output.ts";

export class NomadDoctor extends DeltaCommand {
  static override summary = "Check a Nomad cluster the way attempts will use it, and say what to do.";
  static override description =
    "Looks at reachability, clocks, each right of the token, each pool's register call, images, and where the token may read nodes also at versions, drivers and volumes. On a client of a pool of machines, --client looks at what only that client can tell. Changes nothing. Ends with 1 when something is bad. Notes change nothing.";
  static override examples = [
    "<%= config.bin %> nomad doctor --nomad-config /etc/delta/nomad.json",
    "<%= config.bin %> nomad doctor --nomad-config nomad.json --nomad-token-file operator.token --json",
    "<%= config.bin %> nomad doctor --nomad-config nomad.json --nomad-token-file operator.token --client http://127.0.0.1:4646",
  ];
  static override flags = {
    "nomad-config": string({
      summary: "File that describes the cluster, as the control plane reads it.",
      helpValue: "FILE",
      required: true,
    }),
    "nomad-token-file": string({
      summary:
        "File with a token that may read nodes; rights are still those of the token of the configuration.",
      helpValue: "FILE",
    }),
    client: string({
      summary:
        "This machine's own Nomad agent, when it is a client of a pool of machines: also looks at its driver, images and /dev/kvm.",
      helpValue: "URL",
    }),
    relay: string({ summary: "Socket of the relay, when run on a client.", helpValue: "SOCKET" }),
  };

  async run(): Promise<JsonAnswer & { findings: readonly NomadFinding[] }> {
    const { flags } = await this.parse(NomadDoctor);
    const { diagnoseCluster } = await import("../../nomad-doctor.ts");
    const findings = await diagnoseCluster(flags["nomad-config"], {
      nodeTokenFile: flags["nomad-token-file"] ?? null,
      relaySocket: flags.relay ?? null,
      client:
        flags.client === undefined
          ? null
          : { address: flags.client, kvmDevice: "/dev/kvm", cpuInfo: "/proc/cpuinfo" },
    });
    const width = Math.max(...findings.map(({ check }) => check.length)) + 2;
    if (!this.jsonEnabled()) writeData(findings.map((finding) => findingLine(finding, width)).join("\n"));
    if (findings.some(({ state }) => state === "bad")) process.exitCode = EXIT.findings;
    return { version: 1, findings };
  }
}
