import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildRunnerDisk, buildRunnerFolder, RUNNER_DISK_NAME } from "../nomad/index.ts";
import { CliFailure } from "./failure.ts";

/**
 * Makes the folder out of the Node that runs this, and of the runner of this package, with the same as a
 * disk for virtual machines where one is wanted. Returns where it is.
 */
export async function makeRunnerFolder(folder: string, withDisk: boolean): Promise<string> {
  const target = resolve(folder);
  try {
    const sources = { nodeBinary: process.execPath, runnerScript: bundledRunner() };
    await buildRunnerFolder(target, sources);
    if (withDisk) await buildRunnerDisk(join(target, RUNNER_DISK_NAME), sources);
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    const hint = "It needs Linux with glibc, and a folder that can be written.";
    throw new CliFailure("state_unwritable", `${target}: ${(error as Error).message}`, hint, error);
  }
  return target;
}

/** Beside the built command line, or where a checkout builds it. */
function bundledRunner(): string {
  const places = ["../runner/main.js", "../dist/runner/main.js"];
  const found = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find(existsSync);
  if (found !== undefined) return found;
  throw new CliFailure("file_unreadable", "this checkout has no built runner", "`npm run build` makes it.");
}
