import { machineImageIn } from "./images/build-machine-image.ts";
import { QEMU_FLAGS } from "./profiles/qemu.ts";
import { RUNNER_DISK_NAME } from "./runner-disk.ts";
import type { MachineSetup, SetupFile, SetupOptions } from "./setup-options.ts";
import { relayUnitFile } from "./setup-relay.ts";
import { clientLimits, nodePoolText, NO_RAW_EXEC, quote } from "./setup-text.ts";

/** The image that the pool boots first; `delta nomad image` makes it. */
const IMAGE_NAME = "debian-12";
const POOL_NAME = "machines";

/** What a pool of virtual machines needs beside what is the whole cluster's. */
export function machineFiles(options: SetupOptions, machines: MachineSetup): readonly SetupFile[] {
  const { imagesFolder } = machines;
  const relay = {
    ...relayUnitFile(options),
    use: "install as a systemd unit on every client of the pool of machines",
  };
  return [
    {
      name: "delta-machine-node-pool.hcl",
      use: "nomad node pool apply delta-machine-node-pool.hcl",
      text: nodePoolText(machines.nodePool),
    },
    {
      name: "delta-machine-client.hcl",
      use: `on every client of the pool of machines: "delta nomad runner --out ${options.runnerFolder} --disk", "delta nomad image --out ${imagesFolder}/${IMAGE_NAME}", then add to its configuration and restart its agent`,
      text: clientText(machines),
    },
    {
      name: "delta-machine-pool.json",
      use: "add to `pools` of the control plane's Nomad configuration file",
      text: `${JSON.stringify({ [POOL_NAME]: poolEntry(options, machines) }, null, 2)}\n`,
    },
    // A system job needs a driver that these clients have no other use for.
    ...(options.relay.kind === "nomad" ? [relay] : []),
  ];
}

function clientText({ nodePool, imagesFolder }: MachineSetup): string {
  const flags = QEMU_FLAGS.map((flag) => `      ${quote(flag)},\n`).join("");
  return `client {
  node_pool        = ${quote(nodePool)}
${clientLimits()}}

# QEMU may boot these images, and be told nothing but what Delta CI tells it.
plugin "qemu" {
  config {
    image_paths    = [${quote(imagesFolder)}]
    args_allowlist = [
${flags}    ]
  }
}

${NO_RAW_EXEC}`;
}

/** As the control plane's configuration has it; docs/operate/nomad-machines.md explains every key. */
function poolEntry({ runnerFolder }: SetupOptions, machines: MachineSetup): object {
  return {
    node_pool: machines.nodePool,
    task: {
      driver: "qemu",
      images: { [IMAGE_NAME]: machineImageIn(`${machines.imagesFolder}/${IMAGE_NAME}`) },
      default_image: IMAGE_NAME,
      runner_folder: runnerFolder,
      runner_disk: `${runnerFolder}/${RUNNER_DISK_NAME}`,
      accelerator: machines.accelerator,
    },
    resources: { cpu_millis: 1_000, memory_mb: 2_048, disk_mb: 4_096 },
    resources_max: { cpu_millis: 8_000, memory_mb: 16_384, disk_mb: 8_192 },
  };
}
