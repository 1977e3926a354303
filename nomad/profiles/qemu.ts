import { IDENTITY_FILE } from "../runner-start.ts";
import { runnerCommand } from "../runner-folder.ts";
import type { MachineNeeds, TaskFacts, TaskProfile } from "../task-profile.ts";
import { type CatalogueImage, chooseMachine, type MachineCatalogue } from "./machine-catalogue.ts";

export interface QemuProfile {
  readonly catalogue: MachineCatalogue;
  /** The runner's folder on the client, with the relay's socket in it: what joins a machine to the relay. */
  readonly runnerFolder: string;
  /** The same runner as a disk, for the machine. */
  readonly runnerDisk: string;
  /** `kvm` needs hardware; `tcg` emulates and runs everywhere, some ten times slower. */
  readonly accelerator: "tcg" | "kvm";
  readonly machineType: string;
  /** Who QEMU and the relay's pipes are on the client; must be able to open /dev/kvm where that is used. */
  readonly user: string;
  /** For QEMU itself and the relay's pipes, beside what the job asks for as memory of the machine. */
  readonly memoryOverheadMegabytes: number;
  readonly bootMs: number;
  /** Processes inside the machine when the job names no limit. */
  readonly pidsLimit: number;
}

/** What QEMU is started with, for the driver's `args_allowlist`: a job with any other argument is refused by the client. */
export const QEMU_FLAGS = [
  "-nodefaults",
  "-no-user-config",
  "-no-reboot",
  "-snapshot",
  "-sandbox",
  "-serial",
  "-m",
  "-smp",
  "-cpu",
  "-kernel",
  "-initrd",
  "-append",
  "-drive",
  "-device",
  "-netdev",
  "-fw_cfg",
] as const;

const MILLIS_PER_CPU = 1_000;
/** The one address that answers in the machine's network: QEMU joins it to the relay. */
const RELAY_ADDRESS = "10.0.2.100";
const RELAY_PORT = 80;
/** What nomad/images/init.sh calls the runner's disk, and where it puts what the machine was told. */
const RUNNER_DISK_SERIAL = "delta-runner";
const TOLD_FOLDER = "/run/delta/told";
const WORKSPACE = "/workspace";
/** nomad/images/start.sh makes it, with a limit on memory. */
const STEP_GROUP = "/sys/fs/cgroup/delta/job";
/** The first ordinary user of most systems; start.sh makes it where it is missing. */
const STEP_USER = { uid: 1_000, gid: 1_000 };

/**
 * A virtual machine for one attempt: what it writes goes to a temporary overlay, the runner comes on a
 * read-only disk, and of all networks only the relay answers. Users choose an image of the catalogue
 * by name, and resources, and nothing else of this. No secret is among QEMU's arguments: the identity
 * is a file that QEMU reads.
 */
export function qemuProfile(options: QemuProfile): TaskProfile {
  return {
    driver: "qemu",
    controlPlane: `http://${RELAY_ADDRESS}:${RELAY_PORT}`,
    workspaceRoot: WORKSPACE,
    machine: {
      identityFile: `${TOLD_FOLDER}/identity`,
      stepUser: STEP_USER,
      stepGroup: STEP_GROUP,
      bootMs: options.bootMs,
      needs: needsOf(options),
    },
    refusal(request) {
      const { isolation } = request.job.runner;
      if (isolation !== null && isolation !== "vm") {
        return `the job asks for isolation "${isolation}", and its pool gives machines`;
      }
      const choice = chooseMachine(options.catalogue, request.job.image);
      return choice.ok ? null : choice.refusal;
    },
    shape(request, facts) {
      const choice = chooseMachine(options.catalogue, request.job.image);
      if (!choice.ok) throw new Error(`an image that was refused is being used: ${choice.refusal}`);
      const pids = Math.min(request.job.resources.pids ?? options.pidsLimit, options.pidsLimit);
      return {
        driver: "qemu",
        config: {
          image_path: choice.image.disk,
          machine_type: options.machineType,
          accelerator: options.accelerator,
          drive_interface: "virtio",
          // Presses the power button first, so that the runner can stop its steps and report.
          graceful_shutdown: true,
          args: machineArguments(options, choice.image, facts, pids),
        },
        user: options.user,
        // The overlay is made here and goes with the allocation.
        env: { TMPDIR: "${NOMAD_TASK_DIR}" },
        networks: [],
        volumes: {},
        mounts: [],
        memoryOverheadMegabytes: options.memoryOverheadMegabytes,
      };
    },
  };
}

function needsOf({ catalogue, runnerFolder, runnerDisk, accelerator, user }: QemuProfile): MachineNeeds {
  const images = Object.values(catalogue.images);
  const nodeAndScript = runnerCommand(runnerFolder).slice(-2);
  return {
    disks: images.map(({ disk }) => disk),
    files: [...images.flatMap(({ kernel, initrd }) => [kernel, initrd]), runnerDisk, ...nodeAndScript],
    flags: QEMU_FLAGS,
    isKvm: accelerator === "kvm",
    user,
  };
}

function machineArguments(
  options: QemuProfile,
  image: CatalogueImage,
  facts: TaskFacts,
  pids: number,
): readonly string[] {
  const pipe = [...runnerCommand(options.runnerFolder), "pipe", "--socket"].join(" ");
  const relay = `guestfwd=tcp:${RELAY_ADDRESS}:${RELAY_PORT}-cmd:${pipe} ${options.runnerFolder}/control.sock`;
  const append = ["console=ttyS0", "panic=-1", "quiet", ...(image.append === null ? [] : [image.append])];
  return [
    // Nothing that a machine has by default or by a file of the client; no second life after a reboot.
    ["-nodefaults", "-no-user-config", "-no-reboot", "-snapshot"],
    // More would keep QEMU from starting the pipes to the relay.
    ["-sandbox", "on,obsolete=deny"],
    // Standard output: Nomad keeps it as the task's log.
    ["-serial", "stdio"],
    // The driver's own -m is all of the task's memory; the later one wins and leaves room for QEMU.
    ["-m", `${facts.memoryMegabytes}M`],
    ["-smp", String(Math.max(1, Math.ceil(facts.cpuMillis / MILLIS_PER_CPU)))],
    options.accelerator === "kvm" ? ["-cpu", "host"] : [],
    ["-kernel", image.kernel, "-initrd", image.initrd, "-append", append.join(" ")],
    ["-drive", `if=none,id=runner,format=raw,readonly=on,file=${options.runnerDisk}`],
    ["-device", `virtio-blk-pci,drive=runner,serial=${RUNNER_DISK_SERIAL}`],
    ["-netdev", `user,id=relay,restrict=on,ipv6=off,${relay}`],
    // Without the network boot program, which would only cost a second.
    ["-device", "virtio-net-pci,netdev=relay,romfile="],
    ["-device", "virtio-rng-pci"],
    told("runner.json", `string=${(facts.runnerConfig ?? "").replaceAll(",", ",,")}`),
    told("identity", `file=${IDENTITY_FILE}`),
    told("pids", `string=${pids}`),
  ].flat();
}

/** The machine's firmware configuration: root of the machine alone can read it. */
function told(name: string, value: string): readonly string[] {
  return ["-fw_cfg", `name=opt/delta/${name},${value}`];
}
