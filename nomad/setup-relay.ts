import { jobNamePrefix } from "./job-name.ts";
import { runnerCommand } from "./runner-folder.ts";
import type { SetupFile, SetupOptions } from "./setup-options.ts";
import { quote } from "./setup-text.ts";

/** The relay runs beside attempts but not among them: the control plane's token has no right in its namespace. */
export const RELAY_NAMESPACE = "default";
/** The runner's folder once more, writable, for the relay's socket alone. */
export function relayVolume({ runnerVolume }: SetupOptions): string {
  return `${runnerVolume}-relay`;
}

export function relayJobName({ installation }: SetupOptions): string {
  return `${jobNamePrefix(installation)}relay`;
}

/** The relay in the form that operators chose: a unit of each client's systemd, or one system job. */
export function relayFile(options: SetupOptions): SetupFile {
  if (options.relay.kind === "systemd") return relayUnitFile(options);
  const text = relayJobText(options, options.relay.image);
  return { name: "delta-relay.nomad.hcl", use: "nomad job run delta-relay.nomad.hcl", text };
}

export function relayUnitFile(options: SetupOptions): SetupFile {
  const use = "install as a systemd unit on every client of the pool";
  return { name: "delta-relay.service", use, text: relayUnitText(options) };
}

/** Arguments after the program, for a folder as the relay itself sees it. */
function relayArguments(folder: string, { controlPlane, ownAuthority }: SetupOptions): readonly string[] {
  const authority = ownAuthority ? ["--ca", `${folder}/ca.pem`] : [];
  return ["relay", "--socket", `${folder}/control.sock`, "--control-plane", controlPlane, ...authority];
}

function relayUnitText(options: SetupOptions): string {
  const { runnerFolder } = options;
  const command = [...runnerCommand(runnerFolder), ...relayArguments(runnerFolder, options)];
  for (const word of command) quote(word);
  return `[Unit]
Description=Delta CI relay: runners without a network reach the control plane here
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=${command.join(" ")}
Restart=always
RestartSec=1
ProtectSystem=strict
ReadWritePaths=${runnerFolder}
ProtectHome=true
PrivateTmp=true
NoNewPrivileges=true
CapabilityBoundingSet=
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX

[Install]
WantedBy=multi-user.target
`;
}

/**
 * The relay on every client of the pool, also on those that come later. It has the client's network, which is
 * what it is for, and of the client's files the runner's folder alone.
 */
function relayJobText(options: SetupOptions, image: string): string {
  const folder = "/delta";
  const args = relayArguments(folder, options).map(quote);
  const entrypoint = runnerCommand(folder).map(quote);
  const volume = quote(relayVolume(options));
  return `job ${quote(relayJobName(options))} {
  type        = "system"
  namespace   = ${quote(RELAY_NAMESPACE)}
  node_pool   = ${quote(options.nodePool)}
  datacenters = ["*"]

  group "relay" {
    # A relay that ends is started again at once and for ever.
    restart {
      interval = "1m"
      attempts = 20
      delay    = "1s"
      mode     = "delay"
    }

    volume "folder" {
      type   = "host"
      source = ${volume}
    }

    task "relay" {
      driver = "docker"
      user   = "0"

      config {
        image           = ${quote(image)}
        entrypoint      = [${entrypoint.join(", ")}]
        args            = [${args.join(", ")}]
        network_mode    = "host"
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        readonly_rootfs = true
        init            = true
        pids_limit      = 64
      }

      volume_mount {
        volume      = "folder"
        destination = ${quote(folder)}
      }

      resources {
        cpu    = 200
        memory = 256
      }

      logs {
        max_files     = 2
        max_file_size = 5
      }
    }
  }
}
`;
}
