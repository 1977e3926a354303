import type { DispatchRequest } from "../schemas/dispatcher.ts";
import type { StepUser } from "../schemas/runner-config.ts";
import type { NomadTask, NomadTaskGroup } from "./job-types.ts";

/** Folder of the runner and of the relay's socket inside a container. */
export const RUNNER_FOLDER = "/delta";

/** What the profile must know of the attempt beside the request itself. */
export interface TaskFacts {
  /** Where Nomad puts the runner's configuration, as the task itself sees the path. */
  readonly configFile: string;
  /** The file of the workload identity, seen the same way; null when a claim token is used. */
  readonly identityFile: string | null;
  readonly memoryMegabytes: number;
  readonly cpuMillis: number;
  /** The runner's configuration as one line of JSON, for a profile that hands it over itself; else null. */
  readonly runnerConfig: string | null;
}

/** How a virtual machine's runner starts; null where Nomad writes files that the runner can read. */
export interface MachineStart {
  /** Where the runner finds its identity inside the machine. */
  readonly identityFile: string;
  /** Who steps run as inside the machine. */
  readonly stepUser: StepUser;
  /** The control group inside the machine that keeps steps from the runner's memory. */
  readonly stepGroup: string;
  /** From the machine's start to its runner's claim; past it no runner will come. */
  readonly bootMs: number;
  readonly needs: MachineNeeds;
}

/** What every client of a pool of machines must have, for whoever looks whether it does. */
export interface MachineNeeds {
  /** Root disks; the driver takes those below its `image_paths` alone. */
  readonly disks: readonly string[];
  /** All the other files. */
  readonly files: readonly string[];
  /** Arguments that the driver must let through. */
  readonly flags: readonly string[];
  /** Wants the hardware's help, /dev/kvm. */
  readonly isKvm: boolean;
  /** Who must be able to open all of it. */
  readonly user: string;
}

/** The parts of a job body that differ between drivers. */
export interface TaskShape {
  readonly driver: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly user: string | null;
  readonly env: Readonly<Record<string, string>>;
  readonly networks: NonNullable<NomadTaskGroup["Networks"]>;
  readonly volumes: NonNullable<NomadTaskGroup["Volumes"]>;
  readonly mounts: NonNullable<NomadTask["VolumeMounts"]>;
  /** Added to what the job asks for, e.g. for the virtual machine monitor itself. */
  readonly memoryOverheadMegabytes: number;
}

/**
 * How one driver runs the runner. A profile is built from the operators' configuration; of the job it
 * reads the image, limits and trust class alone, so no user can write driver configuration.
 */
export interface TaskProfile {
  readonly driver: string;
  /** Where the control plane is reached from inside: the relay's socket, or null for the request's own URL. */
  readonly controlPlane: string | null;
  /** The workspace root as the task sees it. */
  readonly workspaceRoot: string;
  readonly machine: MachineStart | null;
  /** A sentence when the profile cannot carry the job, e.g. an image that policy does not allow; else null. */
  refusal(request: DispatchRequest): string | null;
  shape(request: DispatchRequest, facts: TaskFacts): TaskShape;
}
