import { livePids, read } from "../../support/job-processes.ts";

/** Live processes that name the folder in their command line or environment: what a test left behind. */
export function processesIn(folder: string): number[] {
  return livePids().filter(
    (pid) =>
      pid !== process.pid && (read(pid, "cmdline").includes(folder) || read(pid, "environ").includes(folder)),
  );
}
