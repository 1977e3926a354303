import type { DispatchRequest } from "../../schemas/dispatcher.ts";
import { runnerCommand } from "../runner-folder.ts";
import { RUNNER_FOLDER, type TaskProfile } from "../task-profile.ts";
import { chooseImage, type ImagePolicy } from "./image-policy.ts";

export interface DockerProfile {
  readonly images: ImagePolicy;
  /** Host volume with the runner's folder and the relay's socket, mounted read-only. */
  readonly runnerVolume: string;
  /** `none`: the relay's socket is the only way out. Any other name is a network that operators prepared. */
  readonly network: { readonly trusted: string; readonly fork: string };
  /** Linux capabilities given back after all were dropped, for trusted work alone. */
  readonly capabilities: readonly string[];
  /** Another OCI runtime, e.g. `runsc`; null for Docker's default. */
  readonly runtime: string | null;
  /** Processes of one container when the job names no limit. Docker itself sets none. */
  readonly pidsLimit: number;
  /** Size of /tmp, which is memory and counts as the job's. */
  readonly temporaryMegabytes: number;
  /** Who the runner is inside; the image's own user could not read the runner's configuration. */
  readonly user: string;
  /** Seccomp profile on the client; null for Docker's default. */
  readonly seccompFile: string | null;
}

/** Each lets steps read the runner's program or memory, and with it the lease (ADR 28). */
const REVEALING = ["all", "dac_override", "dac_read_search", "sys_admin", "sys_ptrace", "sys_rawio"];

/** Capabilities of the list that no pool may give back, in the words they were written in. */
export function revealingCapabilities(capabilities: readonly string[]): readonly string[] {
  return capabilities.filter((name) => REVEALING.includes(name.toLowerCase().replace(/^cap_/, "")));
}

const BYTES_PER_MEGABYTE = 1024 * 1024;
const CONTROL_SOCKET = `${RUNNER_FOLDER}/control.sock`;
/** Nomad's own folder for the task: on the client's disk, removed with the allocation. */
const WORKSPACE = "/local";

/**
 * A container that can do little: no capability, no new privileges, a read-only root, a bound on
 * processes and memory, and no network unless operators named one. Users choose the image, within
 * the pool's policy, and nothing else of this.
 */
export function dockerProfile(options: DockerProfile): TaskProfile {
  const networkOf = ({ trust, job }: DispatchRequest): string => {
    if (job.network?.egress === "none") return "none";
    return trust === "fork" ? options.network.fork : options.network.trusted;
  };
  return {
    driver: "docker",
    controlPlane: `unix:${CONTROL_SOCKET}`,
    workspaceRoot: WORKSPACE,
    machine: null,
    refusal(request) {
      if (request.job.runner.isolation === "vm") return "a pool of containers cannot give the job a machine";
      const choice = chooseImage(options.images, request.job.image, request.trust);
      if (!choice.ok) return choice.refusal;
      // Docker would share the client's own network: metadata services, Nomad, other jobs.
      return networkOf(request) === "host" ? "a pool with the client's own network runs no jobs" : null;
    },
    shape(request, facts) {
      const choice = chooseImage(options.images, request.job.image, request.trust);
      if (!choice.ok) throw new Error(`an image that was refused is being used: ${choice.refusal}`);
      const isTrusted = request.trust === "trusted";
      return {
        driver: "docker",
        config: {
          image: choice.image,
          // A tag can be moved, and a cached one is given out without asking the registry for rights.
          force_pull: !choice.isPinned && choice.image !== options.images.defaultImage,
          entrypoint: runnerCommand(RUNNER_FOLDER),
          args: ["--config", facts.configFile],
          network_mode: networkOf(request),
          cap_drop: ["all"],
          ...(isTrusted && options.capabilities.length > 0 && { cap_add: options.capabilities }),
          security_opt: [
            "no-new-privileges",
            ...(options.seccompFile === null ? [] : [`seccomp=${options.seccompFile}`]),
          ],
          readonly_rootfs: true,
          init: true,
          pids_limit: Math.min(request.job.resources.pids ?? options.pidsLimit, options.pidsLimit),
          ...(options.runtime !== null && { runtime: options.runtime }),
          mount: [
            {
              type: "tmpfs",
              target: "/tmp",
              readonly: false,
              tmpfs_options: [{ size: options.temporaryMegabytes * BYTES_PER_MEGABYTE }],
            },
          ],
        },
        user: options.user,
        env: {},
        networks: [],
        volumes: { delta: { Type: "host", Source: options.runnerVolume, ReadOnly: true } },
        mounts: [{ Volume: "delta", Destination: RUNNER_FOLDER, ReadOnly: true }],
        memoryOverheadMegabytes: 0,
      };
    },
  };
}
