import type { TaskProfile } from "../task-profile.ts";

export interface RawExecProfile {
  /** Absolute program on the client, with its fixed arguments. `--config <file>` is added. */
  readonly command: string;
  readonly args: readonly string[];
  readonly workspaceRoot: string;
  readonly user: string | null;
}

/**
 * The runner as a plain process of the client: no isolation whatever, for a cluster's own tests and
 * for trusted work on machines that are thrown away. Refuses work from forks.
 */
export function rawExecProfile(options: RawExecProfile): TaskProfile {
  return {
    driver: "raw_exec",
    controlPlane: null,
    workspaceRoot: options.workspaceRoot,
    machine: null,
    refusal(request) {
      const { isolation } = request.job.runner;
      if (isolation === "container" || isolation === "vm") {
        return `the job asks for isolation "${isolation}", and its pool gives none`;
      }
      if (request.trust === "fork") return "a pool without isolation does not run work from forks";
      if (request.job.image !== null) return "a pool without containers cannot run the job in an image";
      return null;
    },
    shape: (_request, facts) => ({
      driver: "raw_exec",
      config: { command: options.command, args: [...options.args, "--config", facts.configFile] },
      user: options.user,
      env: {},
      networks: [],
      volumes: {},
      mounts: [],
      memoryOverheadMegabytes: 0,
    }),
  };
}
