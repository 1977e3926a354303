import type { TaskProfile } from "../../../nomad/task-profile.ts";

/** Fields of Nomad's mock_driver that the tests use; durations in Go's form, `50ms` or `1h`. */
export interface MockTask {
  readonly run_for?: string;
  readonly exit_code?: number;
  readonly start_error?: string;
  /** The fake alone: so long a running task takes to end after a stop. */
  readonly kill_after?: string;
}

/** Runs nothing: Nomad's own mock driver, which the fake knows too. */
export function mockProfile(task: MockTask): TaskProfile {
  return {
    driver: "mock_driver",
    controlPlane: null,
    machine: null,
    workspaceRoot: "/tmp",
    refusal: () => null,
    shape: () => ({
      driver: "mock_driver",
      config: { ...task },
      user: null,
      env: {},
      networks: [],
      volumes: {},
      mounts: [],
      memoryOverheadMegabytes: 0,
    }),
  };
}
