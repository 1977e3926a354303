import { boolean, option, string } from "@oclif/core/flags";
import { DeltaCommand, type JsonAnswer } from "../../base-command.ts";
import { writeData } from "../../output.ts";

export class NomadSetup extends DeltaCommand {
  static override summary = "Write what a Nomad cluster needs, as files to review.";
  static override description =
    "An ACL policy of least rights, a namespace, a node pool, the clients' configuration and the relay, with --machines also what a pool of virtual machines needs, each with the line that puts it to use. With --apply what is the cluster's is also written to it, which asks for a management token. TLS files come from NOMAD_CACERT, NOMAD_CLIENT_CERT, NOMAD_CLIENT_KEY and NOMAD_TLS_SERVER_NAME.";
  static override examples = [
    "<%= config.bin %> nomad setup --control-plane https://ci.example:8443",
    "<%= config.bin %> nomad setup --control-plane https://ci.example:8443 --machines",
    "<%= config.bin %> nomad setup --control-plane https://ci.example:8443 --apply --nomad-token-file management.token",
  ];
  static override flags = {
    "control-plane": string({
      summary: "Where clients reach the control plane.",
      helpValue: "URL",
      required: true,
    }),
    out: string({ summary: "Folder to write to.", helpValue: "DIR", default: "delta-nomad" }),
    namespace: string({ summary: "Namespace of the attempts.", default: "ci" }),
    installation: string({ summary: "Part of every job's name.", default: "main" }),
    "node-pool": string({
      summary: "Node pool that runs attempts and nothing else.",
      default: "ci-containers",
    }),
    "runner-volume": string({ summary: "Host volume of the runner's folder.", default: "delta-runner" }),
    "runner-folder": string({ summary: "That folder on every client.", default: "/opt/delta" }),
    "own-authority": boolean({
      default: false,
      summary: "The control plane's certificate is of your own authority, in ca.pem of that folder.",
    }),
    "relay-image": string({
      summary:
        "Run the relay as a Nomad system job in this image, in place of a systemd unit. Any image will do.",
      helpValue: "IMAGE",
    }),
    machines: boolean({
      summary: "Also for a pool of virtual machines, on clients of its own.",
    }),
    "machine-node-pool": string({
      summary: "Node pool of those clients; the default is ci-machines.",
      dependsOn: ["machines"],
    }),
    "images-folder": string({
      summary: "Folder of the machines' images on each of them; the default is /opt/delta/images.",
      helpValue: "DIR",
      dependsOn: ["machines"],
    }),
    accelerator: option({
      summary: "kvm has hardware run the machines and is the default; tcg emulates, some ten times slower.",
      options: ["kvm", "tcg"] as const,
      dependsOn: ["machines"],
    })(),
    apply: boolean({
      default: false,
      summary: "Also write policy, namespace, node pool and a relay that is a job to the cluster.",
    }),
    "nomad-address": string({
      summary: "URL of a Nomad server; the default is NOMAD_ADDR, else http://127.0.0.1:4646.",
      helpValue: "URL",
    }),
    "nomad-token-file": string({ summary: "File with a management token.", helpValue: "FILE" }),
  };

  async run(): Promise<JsonAnswer & { files: readonly object[]; applied: readonly object[] }> {
    const { flags } = await this.parse(NomadSetup);
    const { setUp } = await import("../../nomad-setup.ts");
    const answer = await setUp(
      {
        namespace: flags.namespace,
        installation: flags.installation,
        nodePool: flags["node-pool"],
        runnerVolume: flags["runner-volume"],
        runnerFolder: flags["runner-folder"],
        controlPlane: flags["control-plane"],
        ownAuthority: flags["own-authority"],
        machines: flags.machines
          ? {
              nodePool: flags["machine-node-pool"] ?? "ci-machines",
              imagesFolder: flags["images-folder"] ?? "/opt/delta/images",
              accelerator: flags.accelerator ?? "kvm",
            }
          : null,
        relay:
          flags["relay-image"] === undefined
            ? { kind: "systemd" }
            : { kind: "nomad", image: flags["relay-image"] },
      },
      flags.out,
      flags.apply
        ? { address: flags["nomad-address"] ?? null, tokenFile: flags["nomad-token-file"] ?? null }
        : null,
    );
    if (!this.jsonEnabled()) {
      for (const { path, use } of answer.files) writeData(`${path}\n  ${use}`);
      for (const { part, name, outcome } of answer.applied) writeData(`${part} ${name}: ${outcome}`);
    }
    return { version: 1, ...answer };
  }
}
